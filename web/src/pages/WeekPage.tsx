import { Plus } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { Outlet, useNavigate, useParams, useSearchParams } from "react-router";
import type { Day } from "@schema";

import { useCollection, useWithheld } from "../app/client.ts";
import { useGate } from "../app/Gate.tsx";
import { useTitle } from "../app/useTitle.ts";
import { count } from "../app/words.ts";
import { BoardSkeleton } from "../board/BoardSkeleton.tsx";
import { DayList } from "../board/DayList.tsx";
import { days, useNow } from "../board/days.ts";
import { Filters } from "../board/Filters.tsx";
import { WeekTable } from "../board/WeekTable.tsx";
import { Button } from "../ui/Button.tsx";
import { Notice } from "../ui/Notice.tsx";
import { focusLater } from "../ui/focusLater.ts";
import { useMedia } from "../ui/useMedia.ts";
import css from "./WeekPage.module.css";

/** The classes of the week; a class that is open lies over it. */
export function WeekPage() {
  const [params, setParams] = useSearchParams();
  const navigate = useNavigate();
  const { whenSignedIn } = useGate();
  const { rows, ready } = useCollection("schedules");
  const withheld = useWithheld("schedules");
  const narrow = useMedia("(max-width: 900px)");
  const { today } = useNow();
  const [coach, plan] = [wanted(params.get("coach")), wanted(params.get("plan"))];
  const day = days.find((candidate) => candidate === params.get("day")) ?? today;
  const shown = useMemo(
    () => rows.filter((row) => (coach === null || row.coach.id === coach) && (plan === null || row.workout_plan.id === plan)),
    [rows, coach, plan],
  );
  const { id } = useParams();
  useTitle(id === undefined ? "Week" : undefined);
  const opened = useRef(false);
  useEffect(() => {
    if (id === undefined && opened.current) focusLater(() => document.getElementById("main"));
    opened.current = id !== undefined;
  }, [id]);

  const put = useCallback((name: string, value: string | null) => {
    setParams((now) => {
      if (value === null) now.delete(name);
      else now.set(name, value);
      return now;
    }, { replace: true });
  }, [setParams]);

  const create = useCallback((on: Day, band?: number) => {
    const to = new URLSearchParams(params);
    to.set("on", on);
    if (band !== undefined) to.set("at", String(band * 100));
    whenSignedIn(() => void navigate(`/classes/new?${to}`));
  }, [params, whenSignedIn, navigate]);

  return (
    <>
      <header className={css.head}>
        <div>
          <h1>Week</h1>
          <p className={css.count}>{withheld ? "Not shown" : ready ? told(shown.length, rows.length) : "Loading…"}</p>
        </div>
        <Filters coach={coach} plan={plan} onChange={(name, id) => put(name, id === null ? null : String(id))} />
        <Button look="primary" className={css.new as string} onPress={() => create(narrow ? day : today)}>
          <Plus size={18} aria-hidden="true" /> New class
        </Button>
      </header>
      {!ready ? (
        <BoardSkeleton />
      ) : (
        <>
          {rows.length === 0 && !narrow && !withheld && <FirstSteps />}
          {narrow ? (
            <DayList rows={shown} day={day} onDay={(to) => put("day", to)} onCreate={create} />
          ) : (
            <WeekTable rows={shown} onCreate={create} />
          )}
        </>
      )}
      <Outlet />
    </>
  );
}

function FirstSteps() {
  return (
    <div className={css.first}>
      <Notice kind="live" title="The week is empty">
        Click any hour below to put the first class there. It needs a coach and a workout plan.
      </Notice>
    </div>
  );
}

const wanted = (id: string | null) => (id !== null && /^\d+$/.test(id) ? Number(id) : null);

const told = (shown: number, all: number) => (shown === all ? count(all, "schedules") : `${shown} of ${count(all, "schedules")}`);
