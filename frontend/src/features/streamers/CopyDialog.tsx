import { Button, Group, Select, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { queries } from "~/api/queries";
import { Dialog } from "~/ui/Dialog";
import { ProblemAlert } from "~/ui/ProblemCard";

interface Props {
  guildId: string;
  /** Whose page it is. */
  streamerId: string;
  onClose: () => void;
  onCopy: (destinations: Schema["DestinationBody"][]) => void;
}

/** Takes over the channels of another streamer. */
export function CopyDialog({ opened, ...props }: Props & { opened: boolean }) {
  const { t } = useTranslation("streamers");
  return (
    <Dialog opened={opened} onClose={props.onClose} title={t("page.copyTitle")} centered>
      <Choice {...props} />
    </Dialog>
  );
}

function Choice({ guildId, streamerId, onClose, onCopy }: Props) {
  const { t } = useTranslation("streamers");
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const [from, setFrom] = useState<string | null>(null);
  const [asked, setAsked] = useState(false);
  const streamers = useInfiniteQuery(queries.streamers(guildId));
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = streamers;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetching, isFetchNextPageError, fetchNextPage]);
  const copy = useMutation({
    mutationFn: (id: string) => client.fetchQuery(queries.streamer(guildId, id)),
    onSuccess: ({ value }) => {
      onCopy(value.destinations.map(({ settings }) => settings));
      onClose();
    },
  });
  const data = (streamers.data?.pages ?? [])
    .flatMap(({ items }) => items)
    .filter(({ id }) => id !== streamerId)
    .map(({ id, login, display_name: name }) => ({
      value: id,
      label: name.toLowerCase() === login ? name : `${name} (${login})`,
    }));
  const submit = () => {
    setAsked(true);
    if (from) copy.mutate(from);
  };
  const problem = copy.error ?? streamers.error;
  return (
    <Stack gap="md">
      <Text size="sm">{t("page.copyText")}</Text>
      <Select
        label={t("page.copyFrom")}
        data={data}
        value={from}
        onChange={setFrom}
        searchable
        limit={100}
        openOnFocus={false}
        nothingFoundMessage={streamers.isPending ? common("loading") : t("page.copyNone")}
        error={asked && from === null ? t("page.copyChoose") : undefined}
        data-autofocus
      />
      {problem instanceof Problem && <ProblemAlert problem={problem} />}
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onClose}>
          {common("cancel")}
        </Button>
        <Button loading={copy.isPending} onClick={submit}>
          {t("page.copyAction")}
        </Button>
      </Group>
    </Stack>
  );
}
