import unit from './jest.config.js';

/** Tests that run whole programs: bundles, servers, databases, the command line, builds, the SDKs of providers. */
export default {
  ...unit,
  testMatch: ['**/*.process.test.ts'],
  testPathIgnorePatterns: ['<rootDir>/test/e2e/'],
  // What they start takes both cores; two at a time would only wait for each other.
  maxWorkers: 1,
};
