import { Alert, Button, Checkbox, Menu, Popover, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { IconAlertTriangle, IconFilter, IconFlask } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { leave } from "~/paths";
import { toast, useFailureToast } from "~/ui/toast";
import { KINDS, type Kind } from "./feed";

/** Which kinds are to be seen; remembered in this browser. */
export function Filter({
  offered,
  hidden,
  onChange,
}: {
  /** Kinds that there are to choose from. */
  offered: readonly Kind[];
  hidden: readonly Kind[];
  onChange: (hidden: Kind[]) => void;
}) {
  const { t } = useTranslation("watch");
  const count = offered.filter((kind) => hidden.includes(kind)).length;
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button size="xs" variant="default" leftSection={<IconFilter size={14} />}>
          {count > 0 ? t("filter.hidden", { count }) : t("filter.button")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("filter.label")}>
        <Checkbox.Group
          label={t("filter.label")}
          value={offered.filter((kind) => !hidden.includes(kind))}
          onChange={(seen) =>
            onChange([
              ...hidden.filter((kind) => !offered.includes(kind)),
              ...offered.filter((kind) => !seen.includes(kind)),
            ])
          }
        >
          <Stack gap={6} mt="xs">
            {offered.map((kind) => (
              <Checkbox key={kind} value={kind} label={t(`kinds.${kind}`)} />
            ))}
          </Stack>
        </Checkbox.Group>
      </Popover.Dropdown>
    </Popover>
  );
}

/** Lets the streamer see how an event looks, which did not happen. */
export function TryOut({ streamerId, onTried }: { streamerId: string; onTried: () => void }) {
  const { t } = useTranslation("watch");
  const fail = useFailureToast();
  const test = useMutation({
    mutationFn: (kind: Kind) =>
      ask(
        api.POST("/api/feeds/{streamer_id}/test", {
          params: { path: { streamer_id: streamerId } },
          body: { kind },
        }),
      ),
    onSuccess: (_, kind) => {
      toast({ id: "feed-test", message: t("test.sent", { kind: t(`kinds.${kind}`) }) });
      onTried();
    },
    onError: (error) => fail(error, { id: "feed-test", title: t("test.failed") }),
  });
  return (
    <Menu position="bottom-end" shadow="md" returnFocus>
      <Menu.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconFlask size={14} />}
          loading={test.isPending}
        >
          {t("test.button")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="xs" maw={220}>
            {t("test.about")}
          </Text>
        </Menu.Label>
        {KINDS.map((kind) => (
          <Menu.Item key={kind} onClick={() => test.mutate(kind)}>
            {t(`kinds.${kind}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const GRANTS = ["follows", "subscriptions", "cheers"] as const;

/** What the streamer could let the feed show, or has to grant again. */
export function Grants({ page }: { page: Schema["FeedPage"] }) {
  const { t } = useTranslation("watch");
  const lost = GRANTS.filter((grant) => page.grant_again.includes(grant));
  const missing = GRANTS.filter((grant) => !page.granted.includes(grant));
  if (!page.owner || missing.length === 0) return null;
  const names = (grants: readonly (typeof GRANTS)[number][]) =>
    grants.map((grant) => t(`grants.${grant}`)).join(", ");
  const asked = lost.length > 0 ? lost : missing;
  const wanted = GRANTS.filter((grant) => page.granted.includes(grant) || asked.includes(grant));
  return (
    <Alert
      m="sm"
      p="xs"
      color={lost.length > 0 ? "orange" : "violet"}
      icon={lost.length > 0 ? <IconAlertTriangle size={16} /> : undefined}
    >
      <Text size="sm">
        {t(lost.length > 0 ? "grants.lost" : "grants.missing", { names: names(asked) })}
      </Text>
      <Button component="a" href={leave.linkChannel(wanted)} size="xs" variant="default" mt={6}>
        {t(lost.length > 0 ? "grants.again" : "grants.allow")}
      </Button>
    </Alert>
  );
}
