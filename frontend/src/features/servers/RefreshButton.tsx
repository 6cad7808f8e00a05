import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { Time } from "~/ui/Time";
import { toast, useFailureToast } from "~/ui/toast";

/** How old the list is, and a fresh one; Discord is asked once a minute at most. */
export function RefreshButton({ groups }: { groups: Schema["GuildGroups"] }) {
  const { t } = useTranslation("servers");
  const client = useQueryClient();
  const fail = useFailureToast();
  const refresh = useMutation({
    mutationFn: () => ask(api.GET("/api/guilds", { params: { query: { refresh: true } } })),
    onSuccess: (fresh) => {
      client.setQueryData(queries.guilds.queryKey, fresh);
      if (fresh.problem) return;
      const asked = fresh.fetched_at !== groups.fetched_at;
      toast({ id: "refresh", message: t(asked ? "refresh.done" : "refresh.early") });
    },
    onError: (error) => fail(error, { id: "refresh" }),
  });
  return (
    <Group gap="sm">
      {groups.fetched_at && (
        <Text size="sm" c="dimmed">
          {t("refresh.age")} <Time at={groups.fetched_at} />
        </Text>
      )}
      <Button
        variant="default"
        leftSection={<IconRefresh size={16} />}
        loading={refresh.isPending}
        onClick={() => refresh.mutate()}
      >
        {t("refresh.button")}
      </Button>
    </Group>
  );
}
