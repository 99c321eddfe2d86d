"""Schedules in English: one line for each turn of phrase."""

import pytest

from tickline.schedules import parse

SENTENCES = """
30 9 * * 1-5                    | America/New_York               | At 09:30 on weekdays, New York time
0 9,17 * * *                    | UTC                            | At 09:00 and 17:00 every day, UTC
* * * * *                       | UTC                            | Every minute, UTC
*/15 * * * *                    | UTC                            | Every 15 minutes, UTC
*/7 * * * *                     | UTC                            | Every 7 minutes from minute 0 of each hour, UTC
3-59/15 * * * *                 | UTC                            | Every 15 minutes from minute 3, UTC
10-20 * * * *                   | UTC                            | Every minute from minute 10 to 20 of each hour, UTC
0,7,44 * * * *                  | UTC                            | At minutes 0, 7 and 44 of every hour, UTC
0 * * * *                       | UTC                            | Every hour, UTC
30 * * * *                      | UTC                            | Every hour at minute 30, UTC
0 */2 * * *                     | UTC                            | Every 2 hours from 00:00 to 22:00, UTC
15 1-23/2 * * *                 | UTC                            | Every 2 hours from 01:15 to 23:15, UTC
30 9-17 * * 1-5                 | Europe/Berlin                  | Every hour from 09:30 to 17:30 on weekdays, Berlin time
0 0,1,3,5,8,13,21 * * *         | UTC                            | At minute 0 of the hours 00, 01, 03, 05, 08, 13 and 21 every day, UTC
*/5 9-17 * * *                  | UTC                            | Every 5 minutes, from 09:00 to 17:59, UTC
*/5 9 * * *                     | UTC                            | Every 5 minutes, from 09:00 to 09:59, UTC
*/5 9,13,20 * * *               | UTC                            | Every 5 minutes, in the hours 09, 13 and 20, UTC
*/5 */6 * * *                   | UTC                            | Every 5 minutes, in every 6th hour from 00:00 to 18:59, UTC
0,30 9-17 * * *                 | UTC                            | At minutes 0 and 30 of every hour, from 09:00 to 17:59, UTC
30 22-2 * * *                   | UTC                            | At 00:30, 01:30, 02:30, 22:30 and 23:30 every day, UTC
*/10 22-2 * * *                 | UTC                            | Every 10 minutes, from 22:00 to 02:59, UTC
0 0 1 * *                       | UTC                            | At 00:00 on the 1st of the month, UTC
0 0 1,15 * *                    | UTC                            | At 00:00 on the 1st and 15th of the month, UTC
0 0 1-7 * *                     | UTC                            | At 00:00 on the 1st to the 7th of the month, UTC
0 0 */2 * *                     | UTC                            | At 00:00 on every 2nd day of the month from the 1st, UTC
0 0 13 * 5                      | UTC                            | At 00:00 on the 13th of the month and also on Friday, UTC
0 0 */2 * 1                     | UTC                            | At 00:00 on every 2nd day of the month from the 1st, but only on Monday, UTC
0 0 * * 0,6                     | UTC                            | At 00:00 on weekends, UTC
0 0 * * 1,3,5                   | UTC                            | At 00:00 on Monday, Wednesday and Friday, UTC
0 0 * * MON-THU                 | UTC                            | At 00:00 from Monday to Thursday, UTC
0 0 * * FRI-MON                 | UTC                            | At 00:00 from Friday to Monday, UTC
0 0 * * 7                       | UTC                            | At 00:00 on Sunday, UTC
0 0 29 2 *                      | UTC                            | At 00:00 on the 29th of February, UTC
0 0 1 JAN,JUL *                 | UTC                            | At 00:00 on the 1st of January and July, UTC
0 0 1 3-5 *                     | UTC                            | At 00:00 on the 1st of the month from March to May, UTC
0 0 1 */3 *                     | UTC                            | At 00:00 on the 1st of January, April, July and October, UTC
0 0 * JUN-AUG MON               | UTC                            | At 00:00 on Monday from June to August, UTC
cron(0 9 L * ? *)               | UTC                            | At 09:00 on the last day of the month, UTC
cron(0 9 LW * ? *)              | UTC                            | At 09:00 on the last weekday of the month, UTC
cron(0 9 L-3 * ? *)             | UTC                            | At 09:00 on the 3rd day before the last day of the month, UTC
cron(0 9 L-1 * ? *)             | UTC                            | At 09:00 on the day before the last day of the month, UTC
cron(0 9 L-3W * ? *)            | UTC                            | At 09:00 on the weekday nearest to the 3rd day before the last day of the month, UTC
cron(0 9 15W * ? *)             | UTC                            | At 09:00 on the weekday nearest to the 15th of the month, UTC
cron(0 9 1,L * ? *)             | UTC                            | At 09:00 on the 1st and the last day of the month, UTC
cron(0 9 ? * 6L *)              | UTC                            | At 09:00 on the last Friday of the month, UTC
cron(0 9 ? * L *)               | UTC                            | At 09:00 on Saturday, UTC
cron(0 9 ? * 2#1 *)             | UTC                            | At 09:00 on the first Monday of the month, UTC
cron(0 9 ? * FRI#3 2027)        | UTC                            | At 09:00 on the third Friday of the month in 2027, UTC
cron(0 9 * * ? 2027-2030)       | UTC                            | At 09:00 every day in the years 2027 to 2030, UTC
cron(0 9 * * ? 2027,2029)       | UTC                            | At 09:00 every day in 2027 and 2029, UTC
cron(0 9 * * ? 2027/2)          | UTC                            | At 09:00 every day in every 2nd year from 2027 to 2199, UTC
cron(0 9 * * ? */4)             | UTC                            | At 09:00 every day in every 4th year from 1970 to 2198, UTC
0 0 1-31 * MON                  | UTC                            | At 00:00 every day, UTC
unix(0 0 * OCT-MAR *)           | UTC                            | At 00:00 every day from October to March, UTC
quartz(0 0/7 5 ? * 2,3)         | UTC                            | Every 7 minutes from minute 0 of each hour, from 05:00 to 05:59 on Monday and Tuesday, UTC
0 0 1,2,3,11,12,13,21,22,23 * * | UTC                            | At 00:00 on the 1st, 2nd, 3rd, 11th, 12th, 13th, 21st, 22nd and 23rd of the month, UTC
quartz(* * * * * ?)             | UTC                            | Every second, UTC
quartz(*/30 * * * * ?)          | UTC                            | At seconds 0 and 30 of every minute, UTC
quartz(5/30 * * * * ?)          | UTC                            | At seconds 5 and 35 of every minute, UTC
quartz(5,10,20 * * * * ?)       | UTC                            | At seconds 5, 10 and 20 of every minute, UTC
quartz(10-20 * * * * ?)         | UTC                            | Every second from second 10 to 20 of each minute, UTC
quartz(15 30 9 * * ?)           | UTC                            | At 09:30:15 every day, UTC
quartz(0/10 */15 9-17 * * ?)    | UTC                            | Every 10 seconds, in every 15th minute, from 09:00 to 17:59, UTC
quartz(0/10 5/15 9-17 * * ?)    | UTC                            | Every 10 seconds, in every 15th minute from minute 5, from 09:00 to 17:59, UTC
quartz(0/10 1-5 * * * ?)        | UTC                            | Every 10 seconds, in minutes 1 to 5, UTC
quartz(0/10 30 * * * ?)         | UTC                            | Every 10 seconds, in minute 30, UTC
quartz(15 * * * * ?)            | UTC                            | At second 15 of every minute, UTC
quartz(0 30 1 1W,15W,LW * ?)    | UTC                            | At 01:30 on the weekday nearest to the 1st, the weekday nearest to the 15th and the last weekday of the month, UTC
quartz(0 0 12 * * ? 2027)       | UTC                            | At 12:00 every day in 2027, UTC
@daily                          | Asia/Kolkata                   | At 00:00 every day, Kolkata time
@hourly                         | America/Argentina/Buenos_Aires | Every hour, Buenos Aires time
@monthly                        | Etc/GMT+5                      | At 00:00 on the 1st of the month, Etc/GMT+5 time
croniter(0 9 l * *)             | UTC                            | At 09:00 on the last day of the month, UTC
croniter(0 9 * * L5)            | UTC                            | At 09:00 on the last Friday of the month, UTC
croniter(0 9 * * 5#2)           | UTC                            | At 09:00 on the second Friday of the month, UTC
croniter(*/5 9-17 * * mon-fri)  | UTC                            | Every 5 minutes, from 09:00 to 17:59 on weekdays, UTC
croniter(* * * * * */15)        | UTC                            | Every 15 seconds, UTC
croniter(0 9 13 * 5)            | UTC                            | At 09:00 on the 13th of the month and also on Friday, UTC
rate(5 minutes)                 | UTC                            | Every 5 minutes, counted from 1970-01-01 00:00:00 UTC
rate(1 hour)                    | UTC                            | Every hour, counted from 1970-01-01 00:00:00 UTC
rate(1 hours)                   | UTC                            | Every hour, counted from 1970-01-01 00:00:00 UTC
rate(30 seconds)                | UTC                            | Every 30 seconds, counted from 1970-01-01 00:00:00 UTC
at(2027-05-01T09:00:00)         | America/New_York               | Once, on 1 May 2027 at 09:00:00, New York time
H H * * *                       | UTC                            | At 19:22 every day, UTC
H/15 * * * *                    | UTC                            | Every 15 minutes from minute 7, UTC
H(0-29)/10 * * * *              | UTC                            | At minutes 2, 12 and 22 of every hour, UTC
"""  # noqa: E501 - one line a case


@pytest.mark.parametrize("line", SENTENCES.strip().splitlines())
def test_a_schedule_is_described_in_english(line: str) -> None:
    text, zone, sentence = (cell.strip() for cell in line.split(" | "))

    assert parse(text, zone=zone, job_id="job-1").describe() == sentence
