/** The names of keys; what they hold is said in `scripts.ts`. */
export const KEYS = {
  epoch: 'ko:epoch',
  replicas: 'ko:replicas',
  journals: 'ko:journals',
  maintenance: 'ko:maintenance',
  generations: 'ko:generations',
  journal: (replica: string) => `ko:journal:${replica}`,
  budget: (epoch: string, user: string) => `ko:b:${epoch}:${user}`,
  rate: (epoch: string, key: string) => `ko:r:${epoch}:${key}`,
  places: (epoch: string, key: string) => `ko:p:${epoch}:${key}`,
} as const;
