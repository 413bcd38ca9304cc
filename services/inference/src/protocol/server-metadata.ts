import { VERSION } from '../version.ts';

/** What the server says of itself, with the extensions of the protocol that it has. */
export const SERVER = {
  name: 'keelson-inference',
  version: VERSION,
  extensions: ['model_repository', 'binary_tensor_data', 'parameters'],
};
