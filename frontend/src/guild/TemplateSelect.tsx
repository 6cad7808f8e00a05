import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { queries } from "~/api/queries";

/** Chooses how an announcement reads; null is what the level above says. */
export function TemplateSelect({
  guildId,
  value,
  onChange,
  label,
  inherited,
  error,
}: {
  guildId: string;
  value: string | null;
  onChange: (templateId: string | null) => void;
  label: string;
  /** What null stands for, in words. */
  inherited: string;
  error?: string;
}) {
  const { t } = useTranslation();
  const templates = useQuery(queries.templates(guildId));
  const own = (templates.data?.templates ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <Select
      label={label}
      data={[{ value: "", label: inherited }, ...own]}
      value={value ?? ""}
      onChange={(id) => onChange(id === "" ? null : id)}
      allowDeselect={false}
      searchable
      nothingFoundMessage={t("nothingFound")}
      error={error}
    />
  );
}
