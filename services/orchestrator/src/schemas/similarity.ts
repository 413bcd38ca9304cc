import { Type } from '@sinclair/typebox';
import type { Similarity } from '../similarity/engine.ts';
import { type Method, qubits } from '../similarity/measure.ts';
import { LARGEST } from '../similarity/tiers.ts';

export const Text = Type.String({
  minLength: 1,
  maxLength: LARGEST.characters,
  description: 'At most 4,096 characters with the tier standard, 8,192 with premium, 32,768 with enterprise',
});

export const CANDIDATES = {
  minItems: 1,
  maxItems: LARGEST.candidates,
  description: 'At most 50 with the tier standard, 200 with premium, 1,000 with enterprise',
} as const;

export const MethodSchema = Type.Union([Type.Literal('cosine'), Type.Literal('fidelity')], {
  default: 'cosine',
  description:
    'cosine: of the vectors, -1 to 1; fidelity: the squared overlap of the amplitude-encoded vectors, 0 to 1',
});

/** What every answer says about how it was made. */
export const measured = {
  method: Type.Union([Type.Literal('cosine'), Type.Literal('fidelity')]),
  model: Type.String({ description: 'The embedding model' }),
  qubits: Type.Optional(Type.Integer({ description: 'With fidelity: how many qubits hold the amplitudes' })),
  duration_ms: Type.Number(),
};

/** Milliseconds since it was made. */
export function stopwatch(): () => number {
  const started = performance.now();
  return () => Math.round((performance.now() - started) * 100) / 100;
}

/** The fields of {@link measured}. */
export function howMeasured(engine: Similarity, method: Method, duration_ms: number) {
  return {
    method,
    model: engine.model,
    ...(method === 'fidelity' ? { qubits: qubits(engine.dimension) } : {}),
    duration_ms,
  };
}
