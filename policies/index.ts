import { PolicyPack } from '@pulumi/policy';
import { policiesFrom } from './pack.ts';
import { objectRules, stackRules } from './rules.ts';

new PolicyPack('keelson', { policies: policiesFrom(objectRules, stackRules) });
