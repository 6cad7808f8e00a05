import { Skeleton } from "@mantine/core";
import { lazy, Suspense, type ComponentProps } from "react";

const Fields = lazy(async () => ({ default: (await import("./RuleFields")).RuleFields }));
const Panel = lazy(async () => ({ default: (await import("./DryRunPanel")).DryRunPanel }));

/** The editor of rules, loaded when it is shown. */
export function RuleFields(props: ComponentProps<typeof Fields>) {
  return (
    <Suspense fallback={<Skeleton height={520} radius="md" />}>
      <Fields {...props} />
    </Suspense>
  );
}

/** The dry run, loaded when it is shown. */
export function DryRunPanel(props: ComponentProps<typeof Panel>) {
  return (
    <Suspense fallback={<Skeleton height={36} width={140} radius="md" />}>
      <Panel {...props} />
    </Suspense>
  );
}
