"""What an exception means for its job, row by row."""

import asyncio
from datetime import timedelta

import psycopg
import psycopg_pool
import pytest

from app.errors import InvalidInput
from app.jobs.attempt import Cause
from app.jobs.errors import JobCancel, JobError, JobSnooze
from app.jobs.verdict import (
    DATABASE_WAIT,
    REMOTE_CANCEL_TEXT,
    TIMEOUT_TEXT,
    Cancelled,
    Failed,
    Interrupted,
    Snoozed,
    judge,
)

SNOOZE = JobSnooze(timedelta(seconds=7))
CANCEL = JobCancel("no such film")


def raised_from(err: BaseException, cause: BaseException) -> BaseException:
    err.__cause__ = cause
    return err


@pytest.mark.parametrize("cause", list(Cause))
def test_whatever_the_interruption_a_worker_may_still_cancel_its_job(cause):
    assert judge(CANCEL, cause) == Cancelled("JobCancelError: no such film")


@pytest.mark.parametrize("cause", [None, Cause.TIMEOUT, Cause.STOP, Cause.SUPERSEDED])
def test_a_snooze_wins_over_everything_but_a_cancel(cause):
    assert judge(SNOOZE, cause) == Snoozed(timedelta(seconds=7))


@pytest.mark.parametrize("err", [SNOOZE, JobError("broken"), InvalidInput("", "wrong"), asyncio.CancelledError()])
def test_a_remote_cancel_replaces_every_foreseen_error(err):
    assert judge(err, Cause.REMOTE_CANCEL) == Cancelled(REMOTE_CANCEL_TEXT)


def test_a_crash_after_a_remote_cancel_stays_a_crash():
    """The trace is kept; the database then turns the retry into a cancellation."""
    err = ZeroDivisionError()
    assert judge(err, Cause.REMOTE_CANCEL) == Failed(err, is_crash=True)


@pytest.mark.parametrize("cause", [Cause.STOP, Cause.SUPERSEDED])
def test_a_stopped_worker_that_says_so_is_interrupted(cause):
    assert judge(asyncio.CancelledError(), cause) == Interrupted()
    assert judge(raised_from(JobError("stopped halfway"), asyncio.CancelledError()), cause) == Interrupted()


def test_a_worker_that_fails_by_itself_while_we_stop_has_failed():
    err = JobError("the film is broken")
    assert judge(err, Cause.STOP) == Failed(err)


def test_a_crash_while_we_stop_is_counted():
    err = raised_from(ZeroDivisionError(), asyncio.CancelledError())
    assert judge(err, Cause.STOP) == Failed(err, is_crash=True)


def test_a_timeout_has_gos_words_and_no_trace():
    err = asyncio.CancelledError()
    assert judge(err, Cause.TIMEOUT) == Failed(err, text=TIMEOUT_TEXT, is_crash=False)


def test_a_worker_may_say_itself_what_ran_out_of_time():
    err = raised_from(JobError("TMDb did not answer"), asyncio.CancelledError())
    assert judge(err, Cause.TIMEOUT) == Failed(err)


def test_a_cancellation_nobody_asked_for_is_a_crash():
    err = asyncio.CancelledError()
    assert judge(err, None) == Failed(err, is_crash=True)


def test_foreseen_errors_leave_no_trace_and_others_do():
    assert not judge(JobError("no"), None).is_crash
    assert judge(KeyError("x"), None).is_crash
    assert judge(SystemExit(3), None).is_crash


def test_a_group_of_one_is_that_one():
    group = BaseExceptionGroup("", [BaseExceptionGroup("", [SNOOZE])])
    assert judge(group, None) == Snoozed(timedelta(seconds=7))


def test_a_group_of_several_is_a_crash():
    assert judge(ExceptionGroup("", [JobError("a"), JobError("b")]), None).is_crash


class WrappedByAnOrm(Exception):
    def __init__(self, orig: BaseException) -> None:
        super().__init__("wrapped")
        self.orig = orig


@pytest.mark.parametrize(
    "err",
    [
        psycopg.OperationalError("server closed the connection unexpectedly"),
        psycopg.errors.AdminShutdown("terminating connection"),
        psycopg.errors.CannotConnectNow("starting up"),
        psycopg.errors.TooManyConnections("sorry"),
        psycopg.errors.ConnectionFailure("gone"),
        psycopg_pool.PoolTimeout("no connection"),
    ],
)
def test_a_lost_database_puts_the_job_off(err):
    assert judge(err, None) == Snoozed(DATABASE_WAIT)
    assert judge(WrappedByAnOrm(err), None) == Snoozed(DATABASE_WAIT)
    assert judge(raised_from(RuntimeError("could not store"), err), None) == Snoozed(DATABASE_WAIT)


@pytest.mark.parametrize(
    "err",
    [
        psycopg.errors.QueryCanceled("statement timeout"),
        psycopg.errors.DeadlockDetected("deadlock"),
        psycopg.errors.UniqueViolation("twice"),
        psycopg.errors.SyntaxError("SELCT"),
    ],
)
def test_a_statement_that_fails_is_the_jobs_own_failure(err):
    assert judge(err, None) == Failed(err, is_crash=True)
