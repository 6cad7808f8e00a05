import { useTranslation } from "react-i18next";
import type common from "~/i18n/locale/en.json";

type Permission = keyof (typeof common)["permissions"];

/** Discord's names of permissions, and how to grant them. */
export function usePermissions() {
  const { t } = useTranslation();
  const name = (permission: string) =>
    t(`permissions.${permission as Permission}`, { defaultValue: permission });
  const names = (missing: string[]) => missing.map(name).join(", ");
  return {
    names,
    /** What is missing, and where it is granted. */
    missing: (missing: string[]) => t("channel.missing", { permissions: names(missing) }),
    steps: (missing: string[], channel: string) =>
      t("channel.steps", { permissions: names(missing), channel }),
  };
}
