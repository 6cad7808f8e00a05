import { Button, List, Select, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { ConfirmDialog } from "~/ui/ConfirmDialog";
import { Section } from "~/ui/Section";
import { toast } from "~/ui/toast";
import type texts from "./locale/en.json";
import type { PartProps } from "./part";

const CROWDS: readonly string[] = ["role", "everyone", "here"];

/** Roles that the bot makes and grants: for pings that members choose, and for who is live. */
export function RolesSection({ guildId, document, error }: PartProps) {
  const { t } = useTranslation("notifications");
  const { value, patch } = document;
  const pings = useQuery(queries.pings(guildId));
  const places = useQuery(queries.places(guildId));
  const roles = places.data?.roles.filter((role) => !role.managed) ?? [];
  const liveRole = value.live_role_id ?? null;
  const gone = liveRole !== null && places.data && !roles.some((role) => role.id === liveRole);
  const granted = pings.data?.roles ?? [];
  const waits = value.mention.kind === "managed" && granted.length === 0 && pings.isSuccess;
  return (
    <Section title={t("pings.title")} text={t("pings.text")}>
      {CROWDS.includes(value.mention.kind) && <Convert guildId={guildId} />}
      {places.data && !places.data.may_manage_roles && value.mention.kind === "managed" && (
        <Text size="sm" c="var(--mantine-color-orange-text)" role="status">
          {t("pings.reasons.missing_permission")}
        </Text>
      )}
      {waits && (
        <Text size="sm" c="dimmed">
          {t("pings.none")}
        </Text>
      )}
      {granted.length > 0 && (
        <List size="sm" spacing="xs">
          {granted.map((role) => (
            <Granted key={`${role.purpose} ${role.streamer_id ?? role.role_id}`} role={role} />
          ))}
        </List>
      )}
      <Select
        label={t("pings.live.label")}
        description={t("pings.live.about")}
        placeholder={t("pings.live.none")}
        data={[
          ...(gone ? [{ value: liveRole, label: t("pings.live.gone") }] : []),
          ...roles.map((role) => ({ value: role.id, label: `@${role.name}` })),
        ]}
        value={liveRole}
        onChange={(id) => patch({ live_role_id: id })}
        searchable
        clearable
        error={error("live_role_id")}
      />
    </Section>
  );
}

type Reason = keyof (typeof texts)["pings"]["reasons"];

function Granted({ role }: { role: Schema["GrantedRole"] }) {
  const { t } = useTranslation("notifications");
  const { held, wanted } = role;
  const state = role.state as "ready" | "wanted" | "blocked";
  return (
    <List.Item>
      <Stack gap={2}>
        <Text size="sm">
          {role.display_name ?? t("pings.liveRole")}: {t(`pings.state.${state}`, { held, wanted })}
        </Text>
        {role.reason && (
          <Text size="sm" c="var(--mantine-color-orange-text)" role="status">
            {t(`pings.reasons.${role.reason as Reason}`, {
              defaultValue: t("pings.reasons.other"),
            })}
          </Text>
        )}
        {role.mentionable && (
          <Text size="sm" c="var(--mantine-color-orange-text)">
            {t("pings.mentionable")}
          </Text>
        )}
      </Stack>
    </List.Item>
  );
}

/** The remedy where members' wishes cannot be honoured. */
function Convert({ guildId }: { guildId: string }) {
  const { t } = useTranslation("notifications");
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const convert = useMutation({
    mutationFn: () =>
      ask(
        api.POST("/api/guilds/{guild_id}/pings/convert", {
          params: { path: { guild_id: guildId } },
          body: {},
        }),
      ),
    onSuccess: ({ enrolled }) => {
      setAsking(false);
      toast({ message: t("pings.convert.done", { count: enrolled }) });
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["guild", guildId] }),
  });
  return (
    <Stack gap="xs" align="flex-start">
      <Text size="sm">{t("pings.convert.text")}</Text>
      <Button variant="default" size="xs" onClick={() => setAsking(true)}>
        {t("pings.convert.button")}
      </Button>
      <ConfirmDialog
        opened={asking}
        title={t("pings.convert.title")}
        action={t("pings.convert.button")}
        busy={convert.isPending}
        error={convert.error}
        onConfirm={() => convert.mutate()}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("pings.convert.about")}</Text>
      </ConfirmDialog>
    </Stack>
  );
}
