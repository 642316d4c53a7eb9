import { describe, expect, it } from 'vitest';
import type { Packaged } from './package-service.ts';
import { logicalName, resource, resourcesOf } from './resources.ts';

/** Route, who may call it, and the function behind it. */
const routes = [
  ['DELETE /connections/{client}/{connection}', 'AWS_IAM', 'connections'],
  ['GET /authorize', 'NONE', 'authorize'],
  ['GET /callback/{client}', 'NONE', 'callback'],
  ['GET /connections', 'AWS_IAM', 'connections'],
  ['GET /connections/{client}/{connection}', 'AWS_IAM', 'connections'],
  ['POST /connect-sessions', 'AWS_IAM', 'connect'],
  ['POST /connect-sessions/complete', 'AWS_IAM', 'connect'],
  ['POST /connections/{client}/{connection}/token', 'AWS_IAM', 'vend-http'],
  ['PUT /connections/{client}/{connection}', 'AWS_IAM', 'connections'],
] as const;

const behindRoutes = [...new Set(routes.map(([, , name]) => name))].sort();

/** Routes, who may call them, and who may invoke the functions behind them. */
export function describeRoutes(packaged: Packaged): void {
  describe('the routes', () => {
    it('are these, public for browsers only, and each leads to its function', () => {
      const expected = routes.map(([route, authorization, name]) => [
        route,
        authorization,
        `integrations/HttpApiIntegration${logicalName(name)}`,
      ]);

      const found = Object.values(resourcesOf(packaged, 'AWS::ApiGatewayV2::Route'))
        .map(({ Properties: { RouteKey, AuthorizationType = 'NONE', Target } }) => [
          RouteKey,
          AuthorizationType,
          sayTarget(Target),
        ])
        .sort(([a], [b]) => String(a).localeCompare(String(b)));

      expect(found).toEqual(expected);
    });

    it('hand events of payload format 2.0 to the function that the integration is called after', () => {
      const found = resourcesOf(packaged, 'AWS::ApiGatewayV2::Integration');

      const wanted = behindRoutes.map((name) => [
        `HttpApiIntegration${logicalName(name)}`,
        expect.objectContaining({
          Properties: expect.objectContaining({
            PayloadFormatVersion: '2.0',
            IntegrationUri: { 'Fn::GetAtt': [`${logicalName(name)}LambdaFunction`, 'Arn'] },
          }),
        }),
      ]);

      expect(found).toEqual(Object.fromEntries(wanted));
    });

    it('may invoke their functions, this API only, and the schedule its own', () => {
      const permissions = Object.values(resourcesOf(packaged, 'AWS::Lambda::Permission'));

      const found = permissions
        .map(({ Properties }) => Properties)
        .map(sayPermission)
        .sort();

      expect(found).toEqual(
        [
          ...behindRoutes.map(
            (name) =>
              `${logicalName(name)}LambdaFunction by apigateway.amazonaws.com from ` +
              'arn:{AWS::Partition}:execute-api:{AWS::Region}:{AWS::AccountId}:{HttpApi}/*',
          ),
          'RefreshDashdueLambdaFunction by events.amazonaws.com from RefreshDashdueEventsRuleSchedule1.Arn',
        ].sort(),
      );
    });

    it('do not include vend, which is for direct invocation only', () => {
      const { resources } = packaged;

      expect(resources).not.toHaveProperty('HttpApiIntegrationVend');
      expect(resources).not.toHaveProperty('VendLambdaPermissionHttpApi');
    });
  });

  describe('the API', () => {
    it('outlives the stack, since vendors hold its URL', () => {
      expect(resource(packaged, 'HttpApi')).toMatchObject({
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
      });
    });

    it('throttles the public routes, which its stage names only after they are made', () => {
      const { Properties, DependsOn } = resource(packaged, 'HttpApiStage');
      const limit = { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 };

      expect(Properties.RouteSettings).toMatchObject({
        'GET /authorize': limit,
        'GET /callback/{client}': limit,
      });
      expect(DependsOn).toEqual(
        expect.arrayContaining(['HttpApiRouteGetAuthorize', 'HttpApiRouteGetCallbackClientVar']),
      );
    });

    it('logs the route of each access, and neither path nor query nor headers', () => {
      const { AccessLogSettings } = resource(packaged, 'HttpApiStage').Properties;
      const { Format } = AccessLogSettings as { readonly Format: string };

      expect(Object.values(JSON.parse(Format))).toContain('$context.routeKey');
      expect(Format).not.toMatch(/\$context\.(path|protocol)|query|request\.(header|querystring)/i);
    });
  });
}

function sayTarget(target: unknown): string {
  const [, parts] = (target as { readonly 'Fn::Join': readonly [string, readonly unknown[]] })[
    'Fn::Join'
  ];
  return parts.map(sayPart).join('/').replace('//', '/').replace(/[{}]/g, '');
}

function sayPermission({ FunctionName, Principal, SourceArn }: Readonly<Record<string, unknown>>) {
  const [id] = (FunctionName as { readonly 'Fn::GetAtt': readonly string[] })['Fn::GetAtt'];
  const source = SourceArn as Readonly<Record<string, readonly [string, readonly unknown[]]>>;
  const from = source['Fn::Join']?.[1].map(sayPart).join('') ?? source['Fn::GetAtt']?.join('.');
  return `${id} by ${Principal} from ${from}`;
}

function sayPart(part: unknown): string {
  return typeof part === 'string' ? part : `{${(part as { readonly Ref: string }).Ref}}`;
}
