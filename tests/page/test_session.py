from captioner.page.session import Session

FILE, OTHER = {"path": "/a.gif"}, {"path": "/b.gif"}
GONE, STOPPED = {"text": "gone"}, {"text": "stopped"}


def steps(count=3):
    return ({"step": number} for number in range(count))


def follow(session, upload=FILE, count=3):
    return session.follow(steps(count), upload, gone=GONE, stopped=lambda: iter([STOPPED]))


def visit_to(upload):
    session = Session()
    session.choose(upload)
    return session


def test_a_run_that_is_wanted_goes_to_its_end():
    assert list(follow(visit_to(FILE))) == list(steps())


def test_after_stop_the_step_that_is_done_is_the_last():
    session = visit_to(FILE)
    run = follow(session)
    assert next(run) == {"step": 0}
    session.stop()
    assert list(run) == [STOPPED]


def test_a_run_whose_file_is_gone_says_nothing_of_it_any_more():
    for later in (OTHER, None):
        session = visit_to(FILE)
        run = follow(session)
        next(run)
        session.choose(later)
        assert list(run) == [GONE]


def test_what_was_done_for_a_file_that_went_meanwhile_is_not_shown():
    session = visit_to(FILE)

    def working():
        session.choose(OTHER)
        yield {"step": 0}

    assert list(session.follow(working(), FILE, gone=GONE, stopped=lambda: iter([STOPPED]))) == [
        GONE
    ]


def test_a_file_that_goes_while_the_last_step_is_on_its_way_leaves_nothing():
    session = visit_to(FILE)
    run = follow(session, count=1)
    assert next(run) == {"step": 0}
    session.choose(None)
    assert list(run) == [GONE]


def test_no_step_is_computed_after_the_end():
    computed = []

    def counting():
        for number in range(3):
            computed.append(number)
            yield {"step": number}

    session = visit_to(FILE)
    run = session.follow(counting(), FILE, gone=GONE, stopped=lambda: iter([STOPPED]))
    next(run)
    session.stop()
    list(run)
    assert computed == [0]


def test_a_stop_of_an_earlier_run_counts_no_more():
    session = visit_to(FILE)
    session.stop()
    assert list(follow(session)) == list(steps())


def test_a_visit_that_the_server_has_forgotten_goes_on():
    session = Session()
    assert list(follow(session)) == list(steps())
    session.choose(OTHER)
    assert list(follow(session)) == [GONE]


def test_a_run_about_no_file_goes_on():
    assert list(follow(Session(), None)) == list(steps())


def test_what_stop_leaves_of_a_file_that_went_meanwhile_is_not_shown():
    session = visit_to(FILE)

    def leaving():
        session.choose(OTHER)
        yield STOPPED

    run = session.follow(steps(), FILE, gone=GONE, stopped=leaving)
    next(run)
    session.stop()
    assert list(run) == [GONE]


def test_it_is_known_whether_there_is_something_to_stop():
    session = visit_to(FILE)
    run = follow(session)
    next(run)
    assert session.going_on
    list(run)
    assert not session.going_on
