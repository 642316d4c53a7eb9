/** An answer, and whether the function that gave it failed. */
export interface JsonAnswer {
  readonly body: unknown;
  readonly failed: boolean;
}

/**
 * Posts JSON to a process of the measurement.
 *
 * @returns undefined when no answer came, because the process is gone.
 */
export async function postJson(url: string, message: unknown): Promise<JsonAnswer | undefined> {
  try {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(message) });
    const body: unknown = JSON.parse(await response.text());
    return { body, failed: !response.ok || response.headers.has('x-amz-function-error') };
  } catch {
    return undefined;
  }
}

/** The same, of a process that has to be there. @throws {Error} when it is not, or refuses. */
export async function askJson<Answer>(url: string, message: unknown = {}): Promise<Answer> {
  const answer = await postJson(url, message);
  if (answer === undefined || answer.failed) throw new Error(`${url} gave no answer`);
  return answer.body as Answer;
}
