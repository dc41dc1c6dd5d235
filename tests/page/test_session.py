from captioner.page.session import Visit

FILE, OTHER = {"path": "/a.gif"}, {"path": "/b.gif"}
GONE, STOPPED = {"text": "gone"}, {"text": "stopped"}


def steps(count=3):
    return ({"step": number} for number in range(count))


def follow(visit, upload=FILE, count=3):
    return visit.follow(steps(count), upload, gone=GONE, stopped=lambda: iter([STOPPED]))


def visit_to(upload):
    visit = Visit()
    visit.choose(upload)
    return visit


def test_a_run_that_is_wanted_goes_to_its_end():
    assert list(follow(visit_to(FILE))) == list(steps())


def test_after_stop_the_step_that_is_done_is_the_last():
    visit = visit_to(FILE)
    run = follow(visit)
    assert next(run) == {"step": 0}
    visit.stop()
    assert list(run) == [STOPPED]


def test_a_run_whose_file_is_gone_says_nothing_of_it_any_more():
    for later in (OTHER, None):
        visit = visit_to(FILE)
        run = follow(visit)
        next(run)
        visit.choose(later)
        assert list(run) == [GONE]


def test_what_was_done_for_a_file_that_went_meanwhile_is_not_shown():
    visit = visit_to(FILE)

    def working():
        visit.choose(OTHER)
        yield {"step": 0}

    assert list(visit.follow(working(), FILE, gone=GONE, stopped=lambda: iter([STOPPED]))) == [GONE]


def test_no_step_is_computed_after_the_end():
    computed = []

    def counting():
        for number in range(3):
            computed.append(number)
            yield {"step": number}

    visit = visit_to(FILE)
    run = visit.follow(counting(), FILE, gone=GONE, stopped=lambda: iter([STOPPED]))
    next(run)
    visit.stop()
    list(run)
    assert computed == [0]


def test_a_stop_of_an_earlier_run_counts_no_more():
    visit = visit_to(FILE)
    visit.stop()
    assert list(follow(visit)) == list(steps())


def test_a_visit_that_the_server_has_forgotten_goes_on():
    visit = Visit()
    assert list(follow(visit)) == list(steps())
    visit.choose(OTHER)
    assert list(follow(visit)) == [GONE]


def test_a_run_about_no_file_goes_on():
    assert list(follow(Visit(), None)) == list(steps())


def test_what_stop_leaves_of_a_file_that_went_meanwhile_is_not_shown():
    visit = visit_to(FILE)

    def leaving():
        visit.choose(OTHER)
        yield STOPPED

    run = visit.follow(steps(), FILE, gone=GONE, stopped=leaving)
    next(run)
    visit.stop()
    assert list(run) == [GONE]


def test_it_is_known_whether_there_is_something_to_stop():
    visit = visit_to(FILE)
    run = follow(visit)
    next(run)
    assert visit.going_on
    list(run)
    assert not visit.going_on
