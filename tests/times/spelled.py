"""Ways in which files write times, by name: the times, how they are written, and the header of the
column or columns."""

from datetime import datetime, timedelta

START = datetime(2018, 1, 1)
ENGLISH = "January February March April May June July August September October November December"
MONTHS = ENGLISH.split()
ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
ORDINALS = ["1st", "2nd", "3rd", "4th"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def months(number):
    year, month = divmod(number, 12)
    return datetime(2005 + year, month + 1, 1)


def quarters(number):
    return months(3 * number)


def half_years(number):
    return months(6 * number - 600)


def years(number):
    return datetime(1850 + number, 1, 1)


def weeks(number):
    return datetime(2015, 12, 28) + timedelta(weeks=number)


def days(number):
    return START + timedelta(days=number)


def hours(number):
    return START + timedelta(hours=number)


def minutes(number):
    return START + timedelta(minutes=15 * number)


def iso(time):
    return time.isocalendar()


def hour_ending(time):
    before = time - timedelta(hours=1)
    return f"{before:%Y-%m-%d},{before.hour + 1}"


def unix(time):
    return int((time - datetime(1970, 1, 1)).total_seconds())


def ordinal(time):
    ends = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
    return f"{time:%B} {time.day}{ends.get(time.day, 'th')} {time.year}"


def four_weeks(number):
    return datetime(2018, 1, 7) + timedelta(days=28 * number)


def second_tuesdays(number):
    first = months(number)
    return first + timedelta(days=(1 - first.weekday()) % 7 + 7)


def last_thursdays(number):
    end = months(number + 1) - timedelta(days=1)
    return end - timedelta(days=(end.weekday() - 3) % 7)


def until_midnight(time):
    """Quarters of an hour, midnight as 24:00 of the day before."""
    if time.hour or time.minute:
        return f"{time:%d.%m.%Y %H:%M}"
    return f"{time - timedelta(days=1):%d.%m.%Y} 24:00"


def later_hours(number):
    return hours(number) + timedelta(days=19)


def iso_parts(time):
    return iso(time)[:2]


def autumn_days(number):
    return datetime(2018, 10, 1) + timedelta(days=number)


def business_days(number):
    week, day = divmod(number, 5)
    return START + timedelta(weeks=week, days=day)


def half_hours(number):
    return START + timedelta(minutes=30 * number)


def quarter(time):
    return time.month // 3


def from_to(time, dash):
    return f"{time:%H:%M}{dash}{time + timedelta(hours=1):%H:%M}"


# name: the times, how a file writes them, and the header of the column or columns
SPELLINGS = {
    "2018-01-31": (days, "{0:%Y-%m-%d}", "date"),
    "2018/01/31": (days, "{0:%Y/%m/%d}", "date"),
    "31.01.2018": (days, "{0:%d.%m.%Y}", "date"),
    "31/01/2018": (days, "{0:%d/%m/%Y}", "date"),
    "01/31/2018": (days, "{0:%m/%d/%Y}", "date"),
    "01-31-2018": (days, "{0:%m-%d-%Y}", "date"),
    "1/31/2018": (days, "{0.month}/{0.day}/{0.year}", "date"),
    "1/31/18": (days, "{0.month}/{0.day}/{0:%y}", "date"),
    "31.01.18": (days, "{0:%d.%m.%y}", "date"),
    "18-01-31": (days, "{0:%y-%m-%d}", "date"),
    "20180131": (days, "{0:%Y%m%d}", "date"),
    "22-Jan-20": (days, "{0:%d-%b-%y}", "date"),
    "22 January 2020": (days, "{0.day} {0:%B} {0.year}", "date"),
    "Jan 22, 2020": (days, '"{0:%b} {0.day}, {0.year}"', "date"),
    "22JAN2020": (days, lambda time: f"{time:%d%b%Y}".upper(), "date"),
    "January 1st 2018": (days, ordinal, "date"),
    "Mon, 01 Jan 2018": (days, '"{0:%a}, {0:%d %b %Y}"', "date"),
    "2018年1月31日": (days, "{0.year}年{0.month}月{0.day}日", "date"),
    "2018-031": (days, "{0:%Y-%j}", "date"),
    "2018031": (days, "{0:%Y%j}", "date"),
    "year,doy": (days, lambda time: f"{time.year},{time.timetuple().tm_yday}", "year,doy"),
    "year,month,day": (days, "{0.year},{0.month},{0.day}", "year,month,day"),
    "2018-W05": (weeks, lambda time: f"{iso(time)[0]}-W{iso(time)[1]:02}", "week"),
    "2018W05": (weeks, lambda time: f"{iso(time)[0]}W{iso(time)[1]:02}", "week"),
    "201805 (week)": (weeks, lambda time: f"{iso(time)[0]}{iso(time)[1]:02}", "week"),
    "W5 2018": (weeks, lambda time: f"W{iso(time)[1]} {iso(time)[0]}", "week"),
    "year,week": (weeks, lambda time: f"{iso(time)[0]},{iso(time)[1]}", "year,week"),
    "week begins": (weeks, "{0:%m/%d/%Y}", "week"),
    "2018-01": (months, "{0:%Y-%m}", "month"),
    "201801": (months, "{0:%Y%m}", "period"),
    "01/2018": (months, "{0:%m/%Y}", "month"),
    "2018M01": (months, "{0:%Y}M{0:%m}", "month"),
    "Jan-18": (months, "{0:%b}-{0:%y}", "month"),
    "January 2018": (months, "{0:%B} {0:%Y}", "month"),
    "2018.01": (months, "{0:%Y}.{0:%m}", "month"),
    "1/1/2018 (months)": (months, "{0.month}/{0.day}/{0.year}", "date"),
    "01.02.2018 (months)": (months, "{0:%d.%m.%Y}", "date"),
    "year,month": (months, "{0.year},{0.month}", "year,month"),
    "year,month name": (months, "{0.year},{0:%B}", "year,month"),
    "2018Q1": (quarters, lambda time: f"{time.year}Q{time.month // 3 + 1}", "quarter"),
    "2018/Q1": (quarters, lambda time: f"{time.year}/Q{time.month // 3 + 1}", "period"),
    "Q1 2018": (quarters, lambda time: f"Q{time.month // 3 + 1} {time.year}", "quarter"),
    "Q1-18": (quarters, lambda time: f"Q{time.month // 3 + 1}-{time:%y}", "quarter"),
    "1Q18": (quarters, lambda time: f"{time.month // 3 + 1}Q{time:%y}", "quarter"),
    "FY2018-Q1": (quarters, lambda time: f"FY{time.year}-Q{time.month // 3 + 1}", "quarter"),
    "year,quarter": (quarters, lambda time: f"{time.year},{time.month // 3 + 1}", "year,quarter"),
    "2018H1": (half_years, lambda time: f"{time.year}H{time.month // 6 + 1}", "half"),
    "FY2018": (years, "FY{0.year}", "year"),
    "2018": (years, "{0.year}", "year"),
    "2017/18": (years, lambda time: f"{time.year}/{(time.year + 1) % 100:02}", "season"),
    "2018-01-31T10:00:00": (hours, "{0:%Y-%m-%dT%H:%M:%S}", "time"),
    "2018-01-31 10:00": (hours, "{0:%Y-%m-%d %H:%M}", "time"),
    "2018-01-31T10:00:00Z": (hours, "{0:%Y-%m-%dT%H:%M:%S}Z", "time"),
    "2018-01-31T10:00:00+01:00": (hours, "{0:%Y-%m-%dT%H:%M:%S}+01:00", "time"),
    "20180131T1000": (hours, "{0:%Y%m%dT%H%M}", "time"),
    "1/31/2018 1:00 PM": (hours, lambda t: f"{t.month}/{t.day}/{t.year} {t:%-I:%M %p}", "time"),
    "31.01.2018 10:00": (hours, "{0:%d.%m.%Y %H:%M}", "time"),
    "10:00 31/01/2018": (hours, "{0:%H:%M %d/%m/%Y}", "time"),
    "2018013110": (hours, "{0:%Y%m%d%H}", "time"),
    "date,hour": (hours, "{0:%Y-%m-%d},{0.hour}", "date,hour"),
    "date,hour ending": (hours, hour_ending, "date,hour"),
    "date,clock": (hours, "{0:%d.%m.%Y},{0:%H:%M}", "date,clock"),
    "start - end": (
        hours,
        lambda t: f"{t:%d.%m.%Y %H:%M} - {t + timedelta(hours=1):%d.%m.%Y %H:%M}",
        "MTU",
    ),
    "seconds since 1970": (minutes, unix, "timestamp"),
    "2018:01": (months, "{0:%Y}:{0:%m}", "month"),
    "01.2018": (months, "{0:%m}.{0:%Y}", "month"),
    "Jan'18": (months, "{0:%b}'{0:%y}", "month"),
    "Q1'18": (quarters, lambda time: f"Q{time.month // 3 + 1}'{time:%y}", "quarter"),
    "1. Hj. 2018": (half_years, lambda time: f"{time.month // 6 + 1}. Hj. {time.year}", "halbjahr"),
    "2017/2018": (years, lambda time: f"{time.year}/{time.year + 1}", "season"),
    "2017-2018": (years, lambda time: f"{time.year}-{time.year + 1}", "season"),
    "w/c 31/01/2018": (weeks, "w/c {0:%d/%m/%Y}", "week"),
    "Week of Jan 22 2020": (weeks, "Week of {0:%b} {0.day} {0.year}", "week"),
    "20180131 (month ends)": (
        lambda number: months(number + 1) - timedelta(days=1),
        "{0:%Y%m%d}",
        "caldt",
    ),
    "every four weeks": (four_weeks, "{0:%Y-%m-%d}", "period_end"),
    "second Tuesdays": (second_tuesdays, "{0:%m/%d/%Y}", "date"),
    "last Thursdays": (last_thursdays, "{0:%d.%m.%Y}", "date"),
    "2018-01-31 10:00:00 UTC": (hours, "{0:%Y-%m-%d %H:%M:%S} UTC", "time"),
    "31/Jan/2018:10:00:00 +0000": (hours, "{0:%d/%b/%Y:%H:%M:%S} +0000", "time"),
    "Wed Jan 31 10:00:00 2018": (hours, "{0:%a %b %d %H:%M:%S %Y}", "time"),
    "Wed Jan 31 10:00:00 +0000 2018": (hours, "{0:%a %b %d %H:%M:%S} +0000 {0:%Y}", "created_at"),
    "20180131:1000": (hours, "{0:%Y%m%d}:{0:%H%M}", "time"),
    "2018-01-31-10": (hours, "{0:%Y-%m-%d-%H}", "time"),
    "31.01.2018 24:00": (
        lambda number: hours(0) + timedelta(minutes=15 * number + 15),
        until_midnight,
        "time",
    ),
    "year,half": (half_years, lambda time: f"{time.year},{time.month // 6 + 1}", "year,half"),
    "year,Q1": (quarters, lambda time: f"{time.year},Q{time.month // 3 + 1}", "Year,Quarter"),
    "year,W05": (weeks, lambda t: "{},W{:02}".format(*iso_parts(t)), "year,week"),
    "year,M01": (months, "{0.year},M{0:%m}", "Year,Period"),
    "18,Jan": (months, "{0:%y},{0:%b}", "yr,mon"),
    "YY,MM,DD,hh": (hours, "{0:%y},{0:%m},{0:%d},{0:%H}", "YY,MM,DD,hh"),
    "date,1345": (hours, lambda time: f"{time:%Y-%m-%d},{time.hour * 100}", "DATE,TIME"),
    "01/31/2018,0900": (later_hours, "{0:%m/%d/%Y},{0:%H%M}", "date,time"),
    "date,HE01": (later_hours, lambda t: f"{t:%m/%d/%Y},HE{t.hour + 1:02}", "Delivery Date,Hour"),
    "date,24:00": (later_hours, lambda t: f"{t:%m/%d/%Y},{t.hour + 1:02}:00", "Date,HourEnding"),
    "year,month,day,1345": (
        lambda number: hours(0) + timedelta(minutes=15 * number),
        lambda t: f"{t.year},{t.month},{t.day},{t.hour * 100 + t.minute}",
        "Year,Month,Day,HHMM",
    ),
    "milliseconds": (minutes, lambda time: unix(time) * 1000, "timestamp"),
    "nanoseconds": (minutes, lambda time: unix(time) * 10**9, "timestamp"),
    "1st quarter 2018": (quarters, lambda t: f"{ORDINALS[quarter(t)]} quarter {t.year}", "period"),
    "2nd Quarter, 2018": (
        quarters,
        lambda t: f'"{ORDINALS[quarter(t)]} Quarter, {t.year}"',
        "quarter",
    ),
    "I/2018": (quarters, lambda t: f"{ROMAN[quarter(t)]}/{t.year}", "quarter"),
    "2018 IV": (quarters, lambda t: f"{t.year} {ROMAN[quarter(t)]}", "quarter"),
    "IV quarter 2018": (quarters, lambda t: f"{ROMAN[quarter(t)]} quarter {t.year}", "quarter"),
    "2018-XII": (months, lambda t: f"{t.year}-{ROMAN[t.month - 1]}", "month"),
    "31.XII.2018": (days, lambda t: f"{t.day}.{ROMAN[t.month - 1]}.{t.year}", "date"),
    "2018.1 (quarter)": (quarters, lambda t: f"{t.year}.{quarter(t) + 1}", "quarter"),
    "20181 (quarter)": (quarters, lambda t: f"{t.year}{quarter(t) + 1}", "quarter"),
    "18274 (yyddd)": (autumn_days, "{0:%y%j}", "date"),
    "05060 (yyddd)": (lambda n: datetime(2005, 3, 1) + timedelta(days=n), "{0:%y%j}", "date"),
    "18-274": (autumn_days, "{0:%y-%j}", "date"),
    "118274 (century)": (autumn_days, "1{0:%y%j}", "JDATE"),
    "Excel's days": (business_days, lambda t: (t - datetime(1899, 12, 30)).days, "date"),
    "Excel's months": (months, lambda t: (t - datetime(1899, 12, 30)).days, "Month"),
    "days since 1970": (business_days, lambda t: (t - datetime(1970, 1, 1)).days, "date"),
    "Matlab's days": (business_days, lambda t: t.toordinal() + 366, "datenum"),
    "date,half-hour": (
        half_hours,
        lambda t: f"{t:%d-%b-%Y},{t.hour * 2 + t.minute // 30 + 1}",
        "Settlement Date,Settlement Period",
    ),
    "date,quarter of an hour": (
        minutes,
        lambda t: f"{t:%d.%m.%Y},{t.hour * 4 + t.minute // 15 + 1}",
        "Datum,interval",
    ),
    "date,00 - 01": (hours, lambda t: f"{t:%d.%m.%Y},{t.hour:02} - {t.hour + 1:02}", "Day,Hour"),
    "date,0h-1h": (hours, lambda t: f"{t:%Y-%m-%d},{t.hour}h-{t.hour + 1}h", "date,hour"),
    "date,00:00-01:00": (hours, lambda t: f"{t:%d.%m.%Y},{from_to(t, '-')}", "Datum,Uhrzeit"),
    "date 00 - 01": (
        hours,
        lambda t: f"{t:%d.%m.%Y} {t.hour:02} - {t.hour + 1:02}",
        "MTU",
    ),
    "date 00:00 - 01:00": (hours, lambda t: f"{t:%Y-%m-%d} {from_to(t, ' - ')}", "MTU"),
    "date,134500": (minutes, "{0:%Y%m%d},{0:%H%M%S}", "ERDAT,ERZET"),
    "01/31/2018 01:00pm": (later_hours, lambda t: f"{t:%m/%d/%Y %I:%M%p}".lower(), "time"),
    "2018-01-31 10:00:00,000": (minutes, '"{0:%Y-%m-%d %H:%M:%S},000"', "asctime"),
    "01-JAN-18 10.00.00 AM": (
        later_hours,
        lambda t: f"{t:%d-%b-%y %I.%M.%S %p}".upper(),
        "CREATED",
    ),
    "date,10.00.00": (hours, "{0:%d/%m/%Y},{0:%H.%M.%S}", "Date,Time"),
}
