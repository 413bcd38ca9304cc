import { all, type Input, type Output } from '@pulumi/pulumi';

/** One statement of an IAM policy. */
export interface Statement {
  readonly sid?: string;
  readonly effect?: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  /** ARNs; left out in trust policies. */
  readonly resources?: readonly Input<string>[];
  /** Services that may assume the role. */
  readonly services?: readonly string[];
  /** Whether it speaks of everybody: for denials only. */
  readonly everybody?: boolean;
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, Input<string> | readonly Input<string>[]>>>>;
}

/** An IAM policy as JSON. */
export function policyDocument(statements: readonly Statement[]): Output<string> {
  const resolved = statements.map(({ sid, effect = 'Allow', actions, resources, services, everybody, conditions }) => ({
    ...(sid !== undefined && { Sid: sid }),
    Effect: effect,
    ...(services !== undefined && { Principal: { Service: [...services] } }),
    ...(everybody === true && { Principal: '*' }),
    Action: [...actions],
    ...(resources !== undefined && { Resource: [...resources] }),
    ...(conditions !== undefined && { Condition: conditions }),
  }));
  return all(resolved).apply((list) => JSON.stringify({ Version: '2012-10-17', Statement: list }));
}

/** The trust policy with which services of AWS take a role. */
export function trustPolicy(
  services: readonly string[],
  actions: readonly string[] = ['sts:AssumeRole'],
): Output<string> {
  return policyDocument([{ actions, services }]);
}
