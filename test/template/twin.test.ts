import { describe, expect, it } from 'vitest';
import { deployed } from './deployed.ts';
import { packageService } from './package-service.ts';
import { lambdaFunction, resource, resourcesOf } from './resources.ts';

/** The three lines of docs/operations.md. */
const twin = `
  vend-crm:
    <<: *vend
    environment: { <<: *vendEnvironment, VEND_ALLOW: 'crm-*/*' }
`;

describe('a narrower vend of three lines', () => {
  const packaged = deployed(
    packageService('dev', [], (text) => text.replace('\n  vend-http:\n', `${twin}$&`)),
  );
  const { Properties: properties, ...rest } = lambdaFunction(packaged, 'vend-crm');
  const vend = lambdaFunction(packaged, 'vend');

  it('is vend in everything but its name and what it serves', () => {
    const { Code: _, Environment: environment, FunctionName: name, ...same } = properties;
    const { Code: _code, Environment, FunctionName: _name, ...expected } = vend.Properties;
    const { Variables } = Environment as { readonly Variables: object };

    expect(name).toBe('evergrant-dev-vend-crm');
    expect(same).toEqual(expected);
    expect(environment).toEqual({ Variables: { ...Variables, VEND_ALLOW: 'crm-*/*' } });
    expect(Object.keys(rest).sort()).toEqual(['DependsOn', 'Type']);
  });

  it('has the role of vend and its log group, which is all that this role may write to', () => {
    expect(properties).toMatchObject({
      Role: { 'Fn::GetAtt': ['VendRole', 'Arn'] },
      LoggingConfig: { LogGroup: '/aws/lambda/evergrant-dev-vend' },
    });
    expect(Object.keys(resourcesOf(packaged, 'AWS::IAM::Role'))).toHaveLength(11);
    expect(resource(packaged, 'VendLogGroup').Properties.LogGroupName).toBe(
      '/aws/lambda/evergrant-dev-vend',
    );
  });

  it('may be invoked by no service, and stands behind no route', () => {
    expect(JSON.stringify(resourcesOf(packaged, 'AWS::Lambda::Permission'))).not.toContain('crm');
    expect(JSON.stringify(resourcesOf(packaged, 'AWS::ApiGatewayV2::Integration'))).not.toContain(
      'crm',
    );
  });

  it('runs the code of vend', () => {
    const codeOf = (name: string) => packaged.zips.get(name)?.files.get('functions/vend.cjs');

    expect(codeOf('vend-crm')?.length).toBeGreaterThan(10_000);
    expect(codeOf('vend-crm')).toBe(codeOf('vend'));
  });
});
