import unit from './jest.config.js';

/** End-to-end tests: one after another, on one platform of their own, with the time that a first build takes. */
export default {
  ...unit,
  testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
  testPathIgnorePatterns: [],
  globalSetup: '<rootDir>/test/e2e/setup.ts',
  globalTeardown: '<rootDir>/test/e2e/teardown.ts',
  maxWorkers: 1,
  testTimeout: 5 * 60 * 1000,
};
