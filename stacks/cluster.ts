import { getVersion } from '@pulumi/kubernetes/utilities.js';
import { ProviderResource } from '@pulumi/pulumi';

/** The cluster that objects go to. */
export class Cluster extends ProviderResource {
  /**
   * @param name Name of the resource.
   * @param context Context of the kubeconfig that KUBECONFIG names; undefined for its current one.
   *
   * The SDK's own class would hand the content of KUBECONFIG over as a kubeconfig, and so put a path, which differs from
   * machine to machine, into the state. Left out, the plugin finds the file by the same rules as kubectl.
   */
  constructor(name: string, context: string | undefined) {
    super('kubernetes', name, context === undefined ? {} : { context }, { version: getVersion() });
  }
}
