import type { Datatype } from './datatypes.ts';

/** A tensor as the Open Inference Protocol describes it; -1 where any size goes. */
export interface TensorDescription {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: number[];
}
