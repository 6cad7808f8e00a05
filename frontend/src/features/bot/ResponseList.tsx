import { Button, Group, Stack, Text } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Variable } from "./completion";
import { ResponseField } from "./ResponseField";

const MAX_RESPONSES = 20;
const MAX_RESPONSE = 1500;

/** Texts of which one is said. */
export function ResponseList({
  value,
  onChange,
  variables,
  errorOf,
}: {
  value: string[];
  onChange: (responses: string[]) => void;
  variables: readonly Variable[];
  errorOf: (field: string) => string | undefined;
}) {
  const { t } = useTranslation("bot");
  const several = value.length > 1;
  const missing = value.length === 0 ? errorOf("responses") : undefined;
  return (
    <Stack gap="sm">
      {value.map((text, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- texts have no other name than their place
        <div key={at}>
          <ResponseField
            label={several ? t("responses.nth", { n: at + 1 }) : t("responses.one")}
            value={text}
            onChange={(next) => onChange(value.map((each, i) => (i === at ? next : each)))}
            variables={variables}
            maxLength={MAX_RESPONSE}
            error={errorOf(`responses[${at}]`)}
          />
          {several && (
            <Group justify="flex-end" mt={4}>
              <Button
                size="compact-sm"
                variant="subtle"
                color="gray"
                leftSection={<IconTrash size={14} />}
                aria-label={t("responses.remove", { n: at + 1 })}
                onClick={() => onChange(value.filter((_, i) => i !== at))}
              >
                {t("remove")}
              </Button>
            </Group>
          )}
        </div>
      ))}
      {missing !== undefined && (
        <Text size="sm" c="var(--mantine-color-error)">
          {missing}
        </Text>
      )}
      <Group justify="space-between" gap="sm">
        <Text size="xs" c="dimmed">
          {t("responses.hint", { brace: "{" })}
        </Text>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} />}
          disabled={value.length >= MAX_RESPONSES}
          onClick={() => onChange([...value, ""])}
        >
          {t("responses.add")}
        </Button>
      </Group>
    </Stack>
  );
}
