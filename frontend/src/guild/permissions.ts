import { useTranslation } from "react-i18next";
import type common from "~/i18n/locale/en.json";

type Permission = keyof (typeof common)["permissions"];

type Elsewhere = keyof (typeof common)["channel"]["stepsAt"];

const ELSEWHERE: readonly Elsewhere[] = ["server", "category", "thread"];

function isElsewhere(at: string | null | undefined): at is Elsewhere {
  return ELSEWHERE.includes(at as Elsewhere);
}

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
    /** `at` says whose permissions are to be changed; unless it does, the channel's. */
    steps: (missing: string[], channel: string, at?: string | null) =>
      t(isElsewhere(at) ? `channel.stepsAt.${at}` : "channel.steps", {
        permissions: names(missing),
        channel,
      }),
  };
}
