export { type Plan, type PlannedObject, plan } from './plan.ts';
export { type RegisterOptions, register } from './register.ts';
export { Tokens } from './tokens.ts';
