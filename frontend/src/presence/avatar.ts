/** The picture of somebody at Discord; null: they have none. */
export function avatarOf(user: { user_id: string; avatar?: string | null }): string | null {
  if (!user.avatar) return null;
  return `https://cdn.discordapp.com/avatars/${user.user_id}/${user.avatar}.png?size=64`;
}
