import { NativeSelect } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { LEVELS, levelOf, type Level } from "./levels";

interface Props {
  label: string;
  description?: string;
  error?: string;
  disabled?: boolean;
  /** Levels to choose from; all unless said. */
  levels?: readonly Level[];
}

/** Chooses a level. */
export function LevelSelect({
  value,
  onChange,
  levels = LEVELS,
  ...rest
}: Props & { value: Level; onChange: (level: Level) => void }) {
  const { t } = useTranslation("bot");
  return (
    <NativeSelect
      {...rest}
      value={value}
      data={levels.map((level) => ({ value: level, label: t(`levels.${level}`) }))}
      onChange={(event) => onChange(levelOf(event.currentTarget.value))}
    />
  );
}

/** Chooses a level, or none: `none` says what that means. */
export function LevelOrNone({
  value,
  onChange,
  none,
  levels = LEVELS,
  ...rest
}: Props & { value: Level | null; onChange: (level: Level | null) => void; none: string }) {
  const { t } = useTranslation("bot");
  return (
    <NativeSelect
      {...rest}
      value={value ?? ""}
      data={[
        { value: "", label: none },
        ...levels.map((level) => ({ value: level, label: t(`levels.${level}`) })),
      ]}
      onChange={({ currentTarget: { value: word } }) =>
        onChange(word === "" ? null : levelOf(word))
      }
    />
  );
}
