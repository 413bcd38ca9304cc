import unit from './jest.config.js';

/** The rendered manifests against the API server of any cluster: KEELSON_SCHEMA_KUBECONFIG names its kubeconfig. */
export default {
  ...unit,
  testMatch: ['<rootDir>/test/e2e/schema.test.ts'],
  testPathIgnorePatterns: [],
};
