import {
  ActionIcon,
  Badge,
  Button,
  Group,
  Menu,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
  Title,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { IconCopy, IconDots, IconMessagePlus, IconPencil, IconTrash } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { paths } from "~/paths";
import { readMessage, type MessageTemplate } from "~/template-language";
import { Card } from "~/ui/Card";
import { ConfirmDialog } from "~/ui/ConfirmDialog";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { Time } from "~/ui/Time";
import { toast, useFailureToast } from "~/ui/toast";
import { MessagePreview } from "./MessagePreview";
import { NewTemplateDialog } from "./NewTemplateDialog";
import { createTemplate, deleteTemplate } from "./saving";
import classes from "./templates.module.css";

type Template = Schema["TemplateView"];

/** The server's templates, and our own that stands in where there is none. */
export function TemplatesPage() {
  const { t } = useTranslation("templates");
  const { guildId } = useParams({ from: "/app/s/$guildId/templates" });
  const templates = useQuery(queries.templates(guildId));
  const taken = templates.data?.templates.map(({ name }) => name) ?? [];
  const [opened, dialog] = useDisclosure();
  return (
    <Page
      title={t("title")}
      text={t("about")}
      actions={
        <Button leftSection={<IconMessagePlus size={16} />} onClick={dialog.open}>
          {t("new")}
        </Button>
      }
    >
      <Loaded query={templates} skeleton={<ListSkeleton />}>
        {(list) => (
          <>
            <NewTemplateDialog
              guildId={guildId}
              ours={readMessage(list.default_message)}
              taken={taken}
              opened={opened}
              onClose={dialog.close}
            />
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
              {list.templates.map((template) => (
                <TemplateCard
                  key={template.id}
                  guildId={guildId}
                  template={template}
                  taken={taken}
                />
              ))}
              <OwnCard
                message={readMessage(list.default_message)}
                used={!list.templates.some((template) => template.is_default)}
                onUse={dialog.open}
              />
            </SimpleGrid>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function TemplateCard({
  guildId,
  template,
  taken,
}: {
  guildId: string;
  template: Template;
  taken: string[];
}) {
  const { t } = useTranslation("templates");
  const client = useQueryClient();
  const navigate = useNavigate();
  const fail = useFailureToast();
  const [removing, setRemoving] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const params = { guildId, templateId: template.id };
  const renew = () => client.invalidateQueries({ queryKey: queries.templates(guildId).queryKey });
  const remove = useMutation({
    mutationFn: () => deleteTemplate(guildId, template.id),
    onSuccess: async () => {
      setRemoving(false);
      await renew();
      toast({ message: t("deleted", { name: template.name }) });
    },
  });
  const duplicate = useMutation({
    mutationFn: () =>
      createTemplate(guildId, freeName(template.name, taken), readMessage(template.message)),
    onSuccess: async (made) => {
      await renew();
      await navigate({ to: paths.template, params: { guildId, templateId: made.id } });
    },
    onError: (error) => fail(error, { title: t("notDuplicated") }),
  });
  return (
    <Card>
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div className={classes.heading}>
            <Title order={2} size="h4" className={classes.name}>
              <Link to={paths.template} params={params} className={classes.link}>
                {template.name}
              </Link>
            </Title>
            <Text size="sm" c="dimmed">
              {t("usedBy", { count: template.used_by })} · {t("savedAt")}{" "}
              <Time at={template.updated_at} />
            </Text>
          </div>
          <Group gap={4} wrap="nowrap">
            {template.is_default && <Badge tt="none">{t("isDefault")}</Badge>}
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon
                  ref={button}
                  variant="subtle"
                  color="gray"
                  size="lg"
                  aria-label={t("more", { name: template.name })}
                >
                  <IconDots size={18} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconCopy size={16} />} onClick={() => duplicate.mutate()}>
                  {t("duplicate")}
                </Menu.Item>
                <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => setRemoving(true)}>
                  {t("delete")}
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Group>
        </Group>
        <MessagePreview message={readMessage(template.message)} />
        <Button
          variant="default"
          leftSection={<IconPencil size={16} />}
          renderRoot={(props) => <Link to={paths.template} params={params} {...props} />}
        >
          {t("edit")}
        </Button>
      </Stack>
      <ConfirmDialog
        opened={removing}
        onClose={() => setRemoving(false)}
        onConfirm={() => remove.mutate()}
        busy={remove.isPending}
        error={remove.error}
        returnTo={button}
        title={t("deleteTitle", { name: template.name })}
        action={t("delete")}
      >
        {t("deleteText", { count: template.used_by })}
      </ConfirmDialog>
    </Card>
  );
}

function OwnCard({
  message,
  used,
  onUse,
}: {
  message: MessageTemplate;
  used: boolean;
  onUse: () => void;
}) {
  const { t } = useTranslation("templates");
  return (
    <Card>
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div className={classes.heading}>
            <Title order={2} size="h4">
              {t("ours")}
            </Title>
            <Text size="sm" c="dimmed">
              {t("oursAbout")}
            </Text>
          </div>
          {used && <Badge tt="none">{t("isDefault")}</Badge>}
        </Group>
        <MessagePreview message={message} />
        <Button variant="default" leftSection={<IconCopy size={16} />} onClick={onUse}>
          {t("startFromIt")}
        </Button>
      </Stack>
    </Card>
  );
}

/** A name that no other template has: "Going live 2". */
function freeName(name: string, taken: string[]): string {
  const base = name.replace(/ \d+$/, "").slice(0, 90);
  let number = 2;
  while (taken.includes(`${base} ${number}`)) number += 1;
  return `${base} ${number}`;
}

function ListSkeleton() {
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      <Skeleton h={420} radius="md" />
      <Skeleton h={420} radius="md" />
    </SimpleGrid>
  );
}
