import type { Recipe } from './recipe.ts';
import { alertmanager } from './recipes/alertmanager.ts';
import { base } from './recipes/base.ts';
import { baseNode } from './recipes/base-node.ts';
import { basePython } from './recipes/base-python.ts';
import { kube } from './recipes/kube.ts';
import { llmStandIn } from './recipes/llm-stand-in.ts';
import { localPathProvisioner } from './recipes/local-path-provisioner.ts';
import { mcp } from './recipes/mcp.ts';
import { milvusLite } from './recipes/milvus-lite.ts';
import { mlflow } from './recipes/mlflow.ts';
import { modelAllMinilmL6V2 } from './recipes/model-all-minilm-l6-v2.ts';
import { pause } from './recipes/pause.ts';
import { postgres } from './recipes/postgres.ts';
import { prometheus } from './recipes/prometheus.ts';
import { redis } from './recipes/redis.ts';
import { inference, orchestrator } from './recipes/services.ts';

/** All recipes, those first that the cluster itself needs. */
export const recipes: readonly Recipe[] = [
  pause,
  base,
  kube,
  localPathProvisioner,
  baseNode,
  redis,
  postgres,
  prometheus,
  alertmanager,
  llmStandIn,
  basePython,
  milvusLite,
  mlflow,
  mcp,
  modelAllMinilmL6V2,
  inference,
  orchestrator,
];
