// The policy runner loads the pack with `require`, which knows folders only by an index.js. Node strips the types of the rest.
import './index.ts';
