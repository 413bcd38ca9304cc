import { isObject, type Json, type Manifest, objectsAt, textAt } from '../../constructs/bridge/manifest.ts';
import type { Problem } from '../../constructs/problem.ts';
import { containersOf } from '../pods.ts';
import type { ObjectRule } from '../rule.ts';

/** Names of variables that hold a secret; those of places where one is found (`_FILE`, `_DIR`) do not. */
const secretName = /(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?)$/i;
const secretValues: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  // A password within a URL; `$(NAME)` is a reference that the kubelet fills in.
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:(?!\$\()[^\s/@]+@/i,
  /\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,})/,
];

/** Whoever may read pods or config maps reads what stands in them; secrets have their own kind and their own access. */
export const hiddenSecrets: ObjectRule = {
  name: 'hidden-secrets',
  description: 'Secret values stand in Secrets only, never in variables, command lines or config maps.',
  level: 'mandatory',
  check: (manifest) => [
    ...containersOf(manifest).flatMap(({ spec, path }) => [
      ...objectsAt(spec, 'env').flatMap((variable) => checkVariable(variable, path)),
      ...['command', 'args'].flatMap((list) => checkTexts(spec[list], `${path}.${list}`)),
    ]),
    ...(manifest.kind === 'ConfigMap' ? checkConfigMap(manifest) : []),
  ],
};

const cure = 'put it into a Secret and refer to that';
// The value itself stays out of the message: it would end up in the log of a pull request.
const hidden = '(not shown)';

function checkVariable(variable: { readonly [key: string]: Json }, path: string): readonly Problem[] {
  const name = textAt(variable, 'name') ?? '';
  const value = textAt(variable, 'value') ?? '';
  const found = (secretName.test(name) && value !== '') || looksSecret(value);
  return found ? [{ path: `${path}.env.${name}`, value: hidden, cure }] : [];
}

function checkConfigMap(manifest: Manifest): readonly Problem[] {
  const data = manifest.data;
  if (!isObject(data)) return [];
  return Object.entries(data).flatMap(([key, value]) =>
    typeof value === 'string' && looksSecret(value) ? [{ path: `data.${key}`, value: hidden, cure }] : [],
  );
}

function checkTexts(list: Json | undefined, path: string): readonly Problem[] {
  if (!Array.isArray(list)) return [];
  return list.some((item) => typeof item === 'string' && looksSecret(item)) ? [{ path, value: hidden, cure }] : [];
}

function looksSecret(value: string): boolean {
  return secretValues.some((pattern) => pattern.test(value));
}
