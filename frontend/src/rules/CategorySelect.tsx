import { MultiSelect } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { queries } from "~/api/queries";
import type { Category } from "./rules";

const DEBOUNCE_MS = 300;
/** What the API needs at least. */
const SHORTEST = 2;

/** Chooses categories of Twitch's, found by their names. */
export function CategorySelect({
  guildId,
  value,
  onChange,
  label,
  description,
  error,
}: {
  guildId: string;
  value: Category[];
  onChange: (categories: Category[]) => void;
  label: string;
  description: string;
  error?: string;
}) {
  const { t } = useTranslation("rules");
  const [text, setText] = useState("");
  const [term] = useDebouncedValue(text.trim(), DEBOUNCE_MS);
  const asked = term.length >= SHORTEST;
  const search = useQuery({ ...queries.categorySearch(guildId, term), enabled: asked });
  const known = new Map([...(search.data ?? []), ...value].map((each) => [each.id, each]));
  const hint = () => {
    if (!asked) return t("category.more");
    if (search.isPending) return t("category.searching");
    return t(search.isError ? "category.unreachable" : "category.none");
  };
  return (
    <MultiSelect
      label={label}
      description={description}
      data={[...known.values()].map(({ id, name }) => ({ value: id, label: name || id }))}
      value={value.map(({ id }) => id)}
      onChange={(ids) => onChange(ids.flatMap((id) => known.get(id) ?? []))}
      searchable
      searchValue={text}
      onSearchChange={setText}
      // Twitch has found them: a word may stand anywhere in a name.
      filter={({ options }) =>
        asked
          ? options.filter(
              (each) => "value" in each && search.data?.some(({ id }) => id === each.value),
            )
          : []
      }
      hidePickedOptions
      nothingFoundMessage={hint()}
      error={error}
    />
  );
}
