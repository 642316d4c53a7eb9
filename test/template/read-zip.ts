import { inflateRawSync } from 'node:zlib';

const endOfDirectory = 0x06054b50;
const deflated = 8;

/**
 * Reads the files of a zip archive, as text. Enough of the format for what the packager writes: one
 * disk, no encryption, no archive beyond 4 GB.
 *
 * @see {@link https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT | APPNOTE §4.3}
 */
export function readZip(archive: Buffer): ReadonlyMap<string, string> {
  const end = findEndOfDirectory(archive);
  const entries = archive.readUInt16LE(end + 10);
  const files = new Map<string, string>();
  let at = archive.readUInt32LE(end + 16);
  for (let entry = 0; entry < entries; entry += 1) {
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    files.set(name, readFile(archive, at));
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return files;
}

function findEndOfDirectory(archive: Buffer): number {
  for (let at = archive.length - 22; at >= 0; at -= 1) {
    if (archive.readUInt32LE(at) === endOfDirectory) return at;
  }
  throw new Error('not a zip archive');
}

function readFile(archive: Buffer, directoryEntry: number): string {
  const method = archive.readUInt16LE(directoryEntry + 10);
  const compressedBytes = archive.readUInt32LE(directoryEntry + 20);
  const header = archive.readUInt32LE(directoryEntry + 42);
  const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
  const content = archive.subarray(start, start + compressedBytes);
  return (method === deflated ? inflateRawSync(content) : content).toString('utf8');
}
