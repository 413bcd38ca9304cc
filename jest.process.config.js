import unit from './jest.config.js';

/** Tests that run whole programs: bundles, servers, databases, the command line, builds, the SDKs of providers. */
export default {
  ...unit,
  testMatch: ['**/*.process.test.ts'],
  testPathIgnorePatterns: ['<rootDir>/test/e2e/'],
};
