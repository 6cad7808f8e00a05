import { Button, Select } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconFilterOff } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { queries } from "~/api/queries";
import type { Row } from "./fold";
import { KINDS, RANGES, STATUSES, type DeliverySearch } from "./search";
import classes from "./Deliveries.module.css";

interface Props {
  guildId: string;
  search: DeliverySearch;
  rows: Row[];
  onChange: (changes: Partial<DeliverySearch>) => void;
  onClear: () => void;
}

/** What the log is narrowed to. */
export function Filters({ guildId, search, rows, onChange, onClear }: Props) {
  const { t } = useTranslation("deliveries");
  const some = Object.values(search).some((value) => value !== undefined);
  return (
    <search className={classes.filters} aria-label={t("filters.label")}>
      <Choice
        label={t("filters.range")}
        value={search.range}
        options={RANGES.map((value) => ({ value, label: t(`ranges.${value}`) }))}
        onChange={(range) => onChange({ range })}
      />
      <Choice
        label={t("filters.status")}
        value={search.status}
        options={STATUSES.map((value) => ({ value, label: t(`statuses.${value}`) }))}
        onChange={(status) => onChange({ status })}
      />
      <Choice
        label={t("filters.kind")}
        value={search.kind}
        options={KINDS.map((value) => ({ value, label: t(`kinds.${value}`) }))}
        onChange={(kind) => onChange({ kind })}
      />
      <StreamerFilter
        guildId={guildId}
        value={search.streamer_id}
        rows={rows}
        onChange={(streamer_id) => onChange({ streamer_id })}
      />
      {some && (
        <Button
          variant="default"
          leftSection={<IconFilterOff size={16} />}
          onClick={onClear}
          className={classes.clear}
        >
          {t("clear")}
        </Button>
      )}
    </search>
  );
}

function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T | undefined;
  options: { value: T; label: string }[];
  onChange: (value: T | undefined) => void;
}) {
  const { t } = useTranslation("deliveries");
  return (
    <Select
      label={label}
      value={value ?? ""}
      data={[{ value: "", label: t("filters.all") }, ...options]}
      onChange={(chosen) => onChange(options.find((option) => option.value === chosen)?.value)}
      allowDeselect={false}
      checkIconPosition="right"
    />
  );
}

/** Narrows to a streamer; the list of them is asked for when somebody opens it. */
function StreamerFilter({
  guildId,
  value,
  rows,
  onChange,
}: {
  guildId: string;
  value: string | undefined;
  rows: Row[];
  onChange: (streamerId: string | undefined) => void;
}) {
  const { t } = useTranslation("deliveries");
  const common = useTranslation();
  const [opened, setOpened] = useState(false);
  const listed = rows.find(({ delivery }) => delivery.streamer_id === value)?.delivery;
  const wanted = opened || (value !== undefined && !listed);
  const streamers = useInfiniteQuery({ ...queries.streamers(guildId), enabled: wanted });
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isError } = streamers;
  useEffect(() => {
    if (opened && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [opened, hasNextPage, isFetchingNextPage, isError, fetchNextPage]);
  const known = streamers.data?.pages.flatMap((page) => page.items) ?? [];
  const options = known.map(({ id, display_name }) => ({ value: id, label: display_name }));
  // Somebody who is not followed any more, or not read yet, is named all the same.
  if (value !== undefined && !options.some((option) => option.value === value)) {
    const label = listed?.display_name ?? (streamers.isSuccess ? value : "…");
    options.unshift({ value, label });
  }
  return (
    <Select
      label={t("filters.streamer")}
      value={value ?? ""}
      data={[{ value: "", label: t("filters.all") }, ...options]}
      onChange={(chosen) => onChange(chosen || undefined)}
      onDropdownOpen={() => setOpened(true)}
      onDropdownClose={() => setOpened(false)}
      allowDeselect={false}
      searchable
      limit={200}
      nothingFoundMessage={streamers.isFetching ? common.t("loading") : common.t("nothingFound")}
      checkIconPosition="right"
    />
  );
}
