import { type RunningServer, startHttpServer } from '../../local/http-server.ts';

/** What an AWS service is asked, as far as a test looks at it. */
export interface ServiceRequest {
  /** The operation, such as `UpdateItem`; for Lambda the path. */
  readonly operation: string;
  readonly body: string;
}

export interface ServiceReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** An AWS service that answers as a test says, for what no stand-in can be brought to do. */
export async function startScriptedService(
  answer: (request: ServiceRequest) => ServiceReply | Promise<ServiceReply>,
): Promise<RunningServer & { readonly requests: readonly ServiceRequest[] }> {
  const requests: ServiceRequest[] = [];
  const server = await startHttpServer(
    async (incoming, body) => {
      const target = incoming.headers['x-amz-target'];
      const operation =
        typeof target === 'string' ? (target.split('.').at(-1) ?? '') : (incoming.url ?? '');
      const request = { operation, body: body.toString('utf8') };
      requests.push(request);
      const { status = 200, headers = {}, body: reply } = await answer(request);
      return {
        status,
        headers: { 'content-type': 'application/x-amz-json-1.0', ...headers },
        body: JSON.stringify(reply),
      };
    },
    { port: 0, maxBodyBytes: 1_000_000 },
  );
  return { ...server, requests };
}
