import { Construct } from 'constructs';
import { type ComponentProps, common } from './component.ts';
import { probes } from './probes.ts';
import { type Connectable, Workload } from './workload.ts';

/** Properties of {@link LlmStandIn}. */
export interface LlmStandInProps extends ComponentProps {
  /** Names under which it answers. */
  readonly models: readonly string[];
}

/**
 * Stands in for a language model where there is none: the API of OpenAI, with an answer that is always the same to the same
 * question and says what it is.
 */
export class LlmStandIn extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;

  constructor(scope: Construct, id: string, props: LlmStandInProps) {
    super(scope, id);
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name: props.name ?? 'llm-stand-in',
      component: 'model-server',
      kind: 'Deployment',
      image: props.images.get('llm-stand-in'),
      command: ['node', '/app/server.ts'],
      ports: { http: { number: 8000, path: '/v1' } },
      env: { PORT: '8000', MODELS: props.models.join(',') },
      probes: probes({ ready: { http: '/health', port: 8000 }, live: { http: '/health', port: 8000 } }),
    });
    if (props.models.length === 0) {
      this.workload.report({ path: 'models', value: [], cure: 'name at least one model to stand in for' });
    }
    for (const model of props.models) {
      if (/[,\s]/.test(model) || model === '') {
        this.workload.report({ path: 'models', value: model, cure: 'use a name without commas and spaces' });
      }
    }
  }
}
