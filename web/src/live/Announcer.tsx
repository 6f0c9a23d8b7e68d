import { useEffect, useState } from "react";

import { client, type Name } from "../app/client.ts";
import { count, rowName, words } from "../app/words.ts";

const PAUSE = 4000;

/** Says what others changed, politely: at most one sentence in four seconds, however much happens. */
export function Announcer() {
  const [sentence, setSentence] = useState("");
  useEffect(() => {
    let since = Date.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      timer = undefined;
      const said = news(since);
      since = Date.now();
      if (said) setSentence(said);
    };
    const end = client.subscribe(() => {
      timer ??= setTimeout(look, PAUSE);
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, []);
  return (
    <p className="hidden-text" role="log" aria-live="polite" aria-label="Changes by others">
      {sentence}
    </p>
  );
}

function news(since: number): string {
  const parts: string[] = [];
  for (const name of Object.keys(words) as Name[]) {
    const edited = client.rows(name).flatMap((row) => {
      const edit = client.lastEdit(name, row.id);
      return edit && edit.at >= since ? [{ row, edit }] : [];
    });
    const [first] = edited;
    if (!first) continue;
    const who = first.edit.by?.name ?? "Somebody";
    parts.push(edited.length === 1 ? `${who} ${first.edit.kind} the ${words[name].one} ${rowName(first.row)}` : `${count(edited.length, name)} changed`);
  }
  return parts.join(". ");
}
