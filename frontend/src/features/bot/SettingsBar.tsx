import { useTranslation } from "react-i18next";
import { DocumentBar } from "~/ui/DocumentBar";
import type { EditedDocument } from "~/ui/useDocument";
import { useProblemWords } from "./problems";
import type { SettingsForm } from "./settings";

/** The bar with Save of what goes for all commands. */
export function SettingsBar({ document }: { document: EditedDocument<SettingsForm> }) {
  const { t } = useTranslation("bot");
  const explain = useProblemWords();
  return (
    <DocumentBar
      document={document}
      words={{ label: (field) => t(`settings.field.${field}`), show, explain }}
    />
  );
}

function show(field: keyof SettingsForm, form: SettingsForm): string {
  switch (field) {
    case "prefix":
    case "discord_url":
      return form[field] || "–";
    case "drop_repeats":
      return form.drop_repeats ? "✓" : "✗";
    case "ignored":
      return form.ignored.join(", ") || "–";
    case "builtins":
    case "events":
      return namesOf(form[field]) || "–";
    case "filters":
      return namesOf(form.filters) || "–";
  }
}

/** What is switched on, by name. */
const namesOf = (all: object): string =>
  Object.entries(all as Record<string, { enabled: boolean }>)
    .filter(([, { enabled }]) => enabled)
    .map(([name]) => name)
    .join(", ");
