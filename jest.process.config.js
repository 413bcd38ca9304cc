import unit from './jest.config.js';

/** Tests that run whole programs: bundles, servers, the command line, builds. */
export default {
  ...unit,
  testMatch: ['**/*.process.test.ts'],
  testPathIgnorePatterns: ['<rootDir>/test/e2e/'],
};
