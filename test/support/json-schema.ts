import fc from 'fast-check';

/** A JSON schema, as far as the OpenAPI documents here use them. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly maxProperties?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/** No list or text in a generated value is much longer than it has to be. */
const SOME = 4;

/** Values that a schema allows. */
export function valid(schema: Schema): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map(valid));
  if (schema.allOf) {
    return fc
      .tuple(...schema.allOf.map(valid))
      .map((parts) => Object.assign({}, ...parts.map((part) => (typeof part === 'object' ? part : {}))));
  }
  const [type] = [schema.type ?? (schema.properties ? 'object' : undefined)].flat();
  switch (type) {
    case 'string':
      return text(schema);
    case 'integer':
      return fc.integer({ min: Math.ceil(schema.minimum ?? -1e6), max: Math.floor(schema.maximum ?? 1e6) });
    case 'number':
      return fc.double({
        min: schema.minimum ?? schema.exclusiveMinimum ?? -1e6,
        max: schema.maximum ?? 1e6,
        noNaN: true,
        minExcluded: schema.exclusiveMinimum !== undefined,
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const { minItems = 0, maxItems = minItems + SOME, uniqueItems } = schema;
      const bounds = { minLength: minItems, maxLength: Math.min(maxItems, minItems + SOME) };
      const items = valid(schema.items ?? {});
      return uniqueItems
        ? fc.uniqueArray(items, { ...bounds, comparator: (a, b) => JSON.stringify(a) === JSON.stringify(b) })
        : fc.array(items, bounds);
    }
    case 'object':
      return object(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function text({ minLength = 0, maxLength = 10_000, pattern }: Schema): fc.Arbitrary<string> {
  const fits = (value: string) => value.length >= minLength && value.length <= maxLength;
  // "At least something that is no blank" says little about the rest.
  if (pattern !== undefined && pattern !== '\\S') return fc.stringMatching(new RegExp(pattern)).filter(fits);
  const length = { minLength, maxLength: Math.min(maxLength, minLength + 40) };
  const some = fc.oneof(fc.string({ ...length, unit: 'grapheme' }), fc.string({ ...length, unit: 'grapheme-ascii' }));
  return some.filter((value) => fits(value) && (pattern === undefined || /\S/.test(value)));
}

function object(schema: Schema): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], patternProperties, additionalProperties, maxProperties = SOME } = schema;
  const fixed = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, valid(inner)])),
    // Each field that may be left out is left out at times.
    { requiredKeys: [...required] },
  );
  const [free] = Object.values(patternProperties ?? {});
  const rest = free ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
  if (!rest) return fixed;
  const more = fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), valid(rest), {
    maxKeys: Math.min(maxProperties, SOME),
  });
  return fc.tuple(fixed, more).map(([known, extra]) => ({ ...extra, ...(known as object) }));
}

/** Values that are near to what a schema allows, and wrong somewhere, or entirely. */
export function wrong(schema: Schema): fc.Arbitrary<unknown> {
  const anything = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(null, '', '\0', '\ud800', -1, 0, 1e308, -1e308, 2 ** 53, [], {}, [[[[[[]]]]]], 'x'.repeat(70_000)),
  );
  const broken = fc.tuple(valid(schema), fc.nat(), anything, fc.nat(3)).map(([value, at, other, how]) => {
    if (typeof value !== 'object' || value === null) return other;
    const keys = Object.keys(value);
    const key = keys[at % Math.max(keys.length, 1)];
    if (Array.isArray(value) || key === undefined) return { extra: other };
    const { [key]: _, ...without } = value as Record<string, unknown>;
    if (how === 0) return without;
    if (how === 1) return { ...value, [`${key}x`]: other };
    return { ...value, [key]: other };
  });
  return fc.oneof({ weight: 3, arbitrary: broken }, { weight: 1, arbitrary: anything });
}
