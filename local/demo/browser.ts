/**
 * As much of a browser as a consent needs: it follows redirects by hand and keeps cookies by host.
 *
 * @module
 */

export interface Visit {
  readonly url: string;
  readonly status: number;
  /** Where the answer sends the browser; absolute. */
  readonly location?: string;
  readonly body: string;
}

export interface Browser {
  readonly open: (url: string) => Promise<Visit>;
  readonly submit: (url: string, form: Readonly<Record<string, string>>) => Promise<Visit>;
}

const patienceMs = 30_000;

/** A browser with an empty jar. */
export function newBrowser(): Browser {
  const jar = new Map<string, Map<string, string>>();
  const visit = async (url: string, init: RequestInit): Promise<Visit> => {
    const { host } = new URL(url);
    const cookies = jar.get(host) ?? new Map<string, string>();
    jar.set(host, cookies);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.timeout(patienceMs),
      headers: cookie === '' ? {} : { cookie },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name.trim(), value);
    }
    const location = response.headers.get('location');
    return {
      url,
      status: response.status,
      ...(location !== null && { location: new URL(location, url).href }),
      body: await response.text(),
    };
  };
  return {
    open: (url) => visit(url, {}),
    submit: (url, form) => visit(url, { method: 'POST', body: new URLSearchParams(form) }),
  };
}
