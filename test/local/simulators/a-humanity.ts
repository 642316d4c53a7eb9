import { humanity } from '../../../local/simulators/humanity.ts';
import { aSimulator, type SimulatorUnderTest } from './a-simulator.ts';

export const tokenPath = '/oauth2/token.php';
export const client = {
  client_id: 'demo-humanity-app-id',
  client_secret: 'demo-humanity-app-secret',
};
export const login = {
  ...client,
  grant_type: 'password',
  username: 'ann@acme.example',
  password: 'ann-demo-password',
};

/** A token answer, or the status of a refusal. */
export interface SeenTokens {
  readonly status: number;
  readonly access: string;
  readonly refresh: string;
}

/** One vendor, Humanity, for what all simulators have in common. */
export interface HumanityUnderTest extends SimulatorUnderTest {
  readonly connect: (changes?: Readonly<Record<string, string>>) => Promise<SeenTokens>;
  readonly refresh: (refreshToken: string) => Promise<SeenTokens>;
  /** Whether the API still takes the token. */
  readonly lives: (accessToken: string) => Promise<boolean>;
}

export async function aHumanity(
  options: Parameters<typeof aSimulator>[1] = {},
): Promise<HumanityUnderTest> {
  const vendor = await aSimulator(humanity, options);
  const ask = async (form: Readonly<Record<string, string>>): Promise<SeenTokens> => {
    const { status, body } = await vendor.postForm(tokenPath, form);
    return { status, access: String(body.access_token), refresh: String(body.refresh_token) };
  };
  return {
    ...vendor,
    connect: (changes = {}) => ask({ ...login, ...changes }),
    refresh: (refreshToken) =>
      ask({ ...client, grant_type: 'refresh_token', refresh_token: refreshToken }),
    lives: async (accessToken) => {
      const { body } = await vendor.send(`/api/v2/me?access_token=${accessToken}`);
      return body.status === 1;
    },
  };
}
