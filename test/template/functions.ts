import { describe, expect, it } from 'vitest';
import type { Packaged } from './package-service.ts';
import {
  type FunctionName,
  functionNames,
  lambdaFunction,
  logicalName,
  resourcesOf,
} from './resources.ts';

const powertools = {
  POWERTOOLS_SERVICE_NAME: 'evergrant-dev',
  POWERTOOLS_METRICS_NAMESPACE: 'Evergrant',
  POWERTOOLS_LOG_LEVEL: 'INFO',
};
const stage = { STAGE: 'dev' };
const tokens = { TOKENS_TABLE: 'evergrant-dev-tokens' };
const sessions = { SESSIONS_TABLE: 'evergrant-dev-sessions' };
const connections = { CONNECTIONS_TABLE: 'evergrant-dev-connections', DUE_SHARDS: '8' };
const provider = { PROVIDER_TIMEOUT_SECONDS: '10', ALLOWED_PROVIDER_HOSTS: '' };
const refresher = { REFRESH_FUNCTION: 'evergrant-dev-refresh' };
const baseUrl = {
  PUBLIC_BASE_URL: {
    'Fn::If': [
      'HasDomain',
      'https://',
      { 'Fn::Sub': `https://\${HttpApi}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}` },
    ],
  },
};

/** Every setting of each function. */
const environments: Readonly<Record<FunctionName, object>> = {
  authorize: { ...sessions, ...baseUrl },
  callback: { ...stage, ...connections, ...tokens, ...sessions, ...baseUrl, ...provider },
  connect: { ...stage, ...connections, ...tokens, ...sessions, ...baseUrl },
  connections: {
    ...stage,
    ...connections,
    ...tokens,
    ...provider,
    REVOKE_QUEUE_URL: { Ref: 'RevokeQueue' },
  },
  'publish-events': {
    ...stage,
    ...baseUrl,
    EVENT_BUS: 'default',
    EVENTS_DEAD_QUEUE_URL: { Ref: 'EventsDeadQueue' },
  },
  recover: { ...connections, ...tokens },
  refresh: {
    ...stage,
    ...connections,
    ...tokens,
    ALLOWED_PROVIDER_HOSTS: '',
    RECOVERY_QUEUE_URL: { Ref: 'RecoveryQueue' },
    REFRESH_PROVIDER_TIMEOUT_SECONDS: '45',
    STORE_WRITE_SECONDS: '5',
    LEASE_SECONDS: '60',
    REFRESH_TIMEOUT_SECONDS: '90',
    REFRESH_VISIBILITY_SECONDS: '120',
  },
  'refresh-due': {
    ...connections,
    REFRESH_QUEUE_URL: { Ref: 'RefreshQueue' },
    LANES_PER_CLIENT: '8',
  },
  revoke: { ...stage, ...provider },
  vend: { ...stage, ...tokens, ...refresher, VEND_ALLOW: '*/*' },
  'vend-http': { ...stage, ...tokens, ...refresher },
};

/** The functions and their settings. */
export function describeFunctions(packaged: Packaged): void {
  describe('the functions', () => {
    it('are these', () => {
      const found = Object.keys(resourcesOf(packaged, 'AWS::Lambda::Function'));

      expect(found.sort()).toEqual(
        functionNames.map((name) => `${logicalName(name)}LambdaFunction`).sort(),
      );
    });

    it.each(functionNames)('%s has the settings that it uses, and no other', (name) => {
      const { Environment } = lambdaFunction(packaged, name).Properties;

      expect(Environment).toEqual({ Variables: { ...powertools, ...environments[name] } });
    });

    it.each(functionNames)(
      '%s runs on Node 24 on arm64, under its own name, and untraced',
      (name) => {
        const { Properties } = lambdaFunction(packaged, name);

        expect(Properties).toMatchObject({
          FunctionName: `evergrant-dev-${name}`,
          Handler: `functions/${name}.handler`,
          Runtime: 'nodejs24.x',
          Architectures: ['arm64'],
          MemorySize: 512,
        });
        expect(Properties).not.toHaveProperty('TracingConfig');
      },
    );

    it('keep their logs for a month, and so does the API', () => {
      const groups = resourcesOf(packaged, 'AWS::Logs::LogGroup');

      const kept = Object.fromEntries(
        Object.entries(groups).map(([id, { Properties }]) => [id, Properties.RetentionInDays]),
      );

      const expected = [...functionNames.map(logicalName), 'HttpApi'].map((name) => [
        `${name}LogGroup`,
        30,
      ]);
      expect(kept).toEqual(Object.fromEntries(expected));
    });

    it('have no URL of their own, and neither they nor the API are traced', () => {
      const types = Object.values(packaged.resources).map(({ Type }) => Type);

      expect(types.filter((type) => /^AWS::(Lambda::Url|XRay)/.test(type))).toEqual([]);
      expect(JSON.stringify(packaged.resources)).not.toMatch(/TracingConfig|TracingEnabled|xray/i);
    });
  });
}
