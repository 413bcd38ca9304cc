import unit from './jest.config.js';

/** End-to-end tests: one after another, on the one local cluster, with the time that a first build takes. */
export default {
  ...unit,
  testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
  testPathIgnorePatterns: [],
  maxWorkers: 1,
  testTimeout: 20 * 60 * 1000,
};
