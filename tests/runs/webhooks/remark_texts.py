"""What reviewers write, gathered without a look at the rule (`runs.webhooks.remark_intent`). Each text between two bars."""

from __future__ import annotations

REQUESTS = """
Rename `tmp` to `total`, please | This loop runs once too often | We leak the file handle here | Off by one |
You forgot the empty case | What happens with negative numbers? They should raise ValueError. |
I think `get_or_create` would be cleaner | Can this be a dataclass? | Mind extracting this into a helper? |
Please don't catch Exception here | Drop the print | Needs a docstring | Not a fan of the global; pass it in instead |
There's still a TODO in here | Why is this not cached? Cache it. | nit: trailing whitespace | s/recieve/receive/ |
Typo: "recieve" | This should live in utils.py | Could we avoid the second query? |
The old behaviour was right, restore it | Revert this hunk | The test doesn't assert anything | Same here |
Looks good overall, but the timeout should be configurable | Great start! Let's also cover the error path. |
Thanks! One small thing: please sort the imports. | LGTM once you remove the debug output | I'd rather see an enum |
Use a constant instead of 86400 | No need for the else branch, remove it | This breaks on Windows |
Security issue: the token is logged | The docstring is out of date | Wrong exception type | Unused import |
Let's keep the old name | Would be nice to have a test for the retry | How about `zip(strict=True)`? |
It is missing a null check | Make this private | We should not expose the id |
This will deadlock when two workers start | Split this function, it does two things |
Bitte den Test auch für leere Listen schreiben | Das sollte in eine eigene Funktion | Hier fehlt die Fehlerbehandlung |
Kannst du das umbenennen? | Der Name ist irreführend | Das stürzt bei None ab |
Sieht gut aus, aber bitte noch die Kommentare entfernen | Warum nicht einfach `sum`? Bitte ändern. |
Nimm lieber ein Set | Lösch das hier | Könntest du hier noch einen Kommentar ergänzen? | Tippfehler in der Überschrift |
Merci de renommer cette variable | Il manque un test | Peux-tu ajouter un commentaire ? |
Ceci plante si la liste est vide | Super, mais il faudrait gérer le cas None | Utilise plutôt une constante |
Supprime cette ligne | Faute de frappe | Le nom n'est pas clair, change-le | Por favor, añade una prueba |
Falta un test para este caso | ¿Puedes renombrar la variable? | Esto falla con una lista vacía |
Perfecto, pero quita el print | Mejor usa una constante | Hay que validar la entrada | Error tipográfico |
Elimina esta línea | 请添加一个测试 | 这里缺少错误处理 | 变量名不清楚，请改一下 | 空列表时会崩溃 |
能不能把这个提取成函数？ | 很好，但是请删除打印语句 | 建议使用常量 | 这里有个错别字 | 不要在这里捕获所有异常 |
テストを追加してください | ここは変数名を変えた方がいいです | Por favor, adicione um teste | Falta tratamento de erro |
Добавьте тест, пожалуйста | Здесь опечатка | Per favore aggiungi un test | Manca un test | Graag een test toevoegen |
Dodaj test | 여기에 테스트를 추가해 주세요 | Please revert. | Handle `None`. | and the same in `cart.py` |
Shouldn't we log this? | Don't we need a lock here? | Isn't this O(n²)? Please use a dict. |
I don't think this is correct | This is wrong | Doesn't compile | CI is red because of this line |
The indentation is off | Tests are missing for this | This isn't thread-safe, guard it with a lock |
nice, but could use some comments | Perfect, except that the year is hard-coded | Could be a one-liner |
We should memoize this | The lock is never released | `timeout=None` blocks forever | Extract the constant |
Inline this | Not handling the 404 case | This needs a migration |
Where is the test for the failure path? Please add one. | Docs?  They still mention the old flag, update them please |
Nice! Can we get the same for DELETE? | 👍 but drop the `else` | I would move this to `models.py` | Please squash |
This swallows the exception | It returns None when the cart is empty, but should return 0 |
Let's not do this in the constructor | Looks like a copy-paste error | Please fix the lint warnings |
Good, now add the German translation | Wrong order of arguments | Missing await | Leaves the connection open |
Better: use `pathlib` | Prefer `is None` over `== None` | There is a race here | Rather than sorting twice, sort once |
Bitte nicht hier loggen | Wäre ein Enum nicht besser? | Die Variable ist ungenutzt | Da fehlt ein `await` |
Bitte Tests ergänzen und den Namen ändern | Das muss vorher geprüft werden | Danke, aber die Meldung ist noch falsch |
Veuillez ajouter des tests | Cette fonction est trop longue, il faudrait la découper | Le test échoue sous Windows |
Pourrais-tu extraire cette logique ? | Ajoute une vérification | Agrega un comentario, por favor |
Esta función es demasiado larga | Deberías usar un conjunto | El nombre es confuso | ¿Podrías separar esto? |
请重命名这个函数 | 应该先检查输入 | 这个函数太长了，请拆分 | 少了一个 await | 文档没有更新 | 定数にしてください |
Перенеси это в отдельную функцию | Rinomina questa variabile, per favore | Hernoem dit naar `total` |
Isso quebra com lista vazia | Make sure it is closed afterwards | Close the file | Return early here |
This comment is stale | Can you double check the rounding? I get 0.3 | Too clever, simplify
"""
"""Remarks that ask for something."""
NO_REQUESTS = """
Nice catch | Neat trick! | TIL, thanks | Ah, I see. Makes sense. | Makes sense 👍 | Exactly what I had in mind |
Perfect, this is what we needed | Thank you for the quick fix! | Great, all the tests pass now |
This is much cleaner than before | I like the new names | Good idea to use a set here |
Oh nice, didn't know about `zip(strict=True)` | No further comments from me | Nothing to add | Nothing to change here |
Approved, no remarks | No blockers | Fine by me | Works for me | Works as expected, thanks |
Verified locally, it works | Tested, works great | I have no objections | Happy with this | Sounds good | Agreed |
Agree, no change needed | Resolved, thanks | Fixed, thank you! | All my concerns are addressed |
Thanks for addressing my comments | Thanks for removing the debug output | Glad you added a test for this |
Good that you renamed it | Never mind, I misread this | Ignore my last comment | Please ignore this comment |
Sorry, wrong file | Forget what I said, it's fine | Leave it as it is | Please keep it like this | OK as is |
Not a problem | No worries | My bad, this is correct | This is correct | I was wrong, it handles None already |
Nice, no more leaks | Finally no more crashes, great work! | Awesome, the bug is gone | Beautiful error handling |
Cool, the race condition is fixed | Love the test coverage | Ready to merge | Will merge tomorrow | Merging now |
You can merge this | Congrats on your first PR! | Just leaving a comment here to subscribe |
FYI the release is on Friday | Good to go | +1 from me | 🚀 | 👏👏👏 | :tada: | :shipit: | lgtm | r+ | ACK | Danke dir! |
Gefällt mir sehr gut | Sehr schön gelöst | Passt so | Passt für mich | Alles klar, danke | Keine Einwände |
Keine Änderungen nötig | Kann so bleiben | Super Arbeit! | Guter Fang | Das war mein Fehler, stimmt so |
Danke fürs Beheben des Fehlers | Einverstanden | Bitte so lassen | Merci beaucoup, c'est parfait | Très bon travail |
Rien à redire | Rien à changer | Ça me va | C'est bon pour moi | Aucun changement nécessaire | Bien vu ! |
Merci d'avoir corrigé le bug | Parfait, tu peux fusionner | Laisse comme ça | Gracias, quedó muy bien | Buen trabajo |
Me parece bien | Nada que objetar | No hace falta cambiar nada | Todo bien por mi parte |
Gracias por corregir el error | Aprobado | Déjalo así | 看起来不错 | 很好，谢谢 | 没问题 | 没有问题了，可以合并 |
不需要修改 | 做得好！ | 谢谢修复这个错误 | 同意 | 问题已解决，谢谢 | 保持原样就好 | いいですね | 問題ありません |
修正ありがとうございます | Ficou muito bom, obrigado | Sem objeções | Отличная работа | Всё хорошо, замечаний нет |
Ottimo lavoro, grazie | Va bene così | Prima zo, dank je | Dobra robota, dzięki | 좋아요, 감사합니다 |
That test is clever | The fix is good | Nice cleanup, it removes a lot of code | The renaming helps a lot |
Thanks for catching that missing check | I appreciate the extra test | Great to see the TODO gone |
Great catch, thanks for fixing | Nice, I learned something | This looks right to me | All green, merging |
All tests are green now | Wonderful, thank you | No remarks | No more remarks from my side | No changes requested |
I have nothing to add | Nothing else from me | Everything is fine now | Clever solution! | Very readable | Much better |
So much simpler! | Huge improvement | Exactly right | I'm fine with that | OK for me | Okay, got it |
Understood, thanks | Got it | Thanks for the explanation | Thank you for explaining | Thanks for your patience |
That answers my question | Oh, I misunderstood, sorry | Disregard this | Disregard my comment above |
My mistake, it's fine | You were right | Ah right, I overlooked that | Let's keep it | Keep as is | This can stay |
Confirmed, the crash is gone | The error no longer occurs | It no longer fails | Problem solved |
I can't find any bugs | No mistakes found | No regressions on my machine | Great, no more warnings |
Works like a charm | Tested on Windows, works | LGTM 🎉 | lgtm, thanks! | 👌 | ❤️ | Sieht super aus |
Danke für die schnelle Korrektur | Habe nichts zu meckern | Nichts zu beanstanden | Keine weiteren Anmerkungen |
Von mir aus gut | Kannst du mergen | Ich bin einverstanden | Funktioniert jetzt, danke | Der Fehler ist weg |
Das kann so bleiben | Merci, ça marche | Pas de remarque | Aucune objection | Beau travail ! | Excellent, merci |
D'accord | Tout est bon | Le bug est corrigé, merci | Ça marche bien maintenant | Muchas gracias | Excelente trabajo |
Sin objeciones | No tengo comentarios | Funciona perfectamente | De acuerdo | Está bien así | El error ya no aparece |
可以合并了 | 没有意见 | 赞！ | 辛苦了 | 看起来很好 | 运行正常，谢谢 | 无需更改 | 我没有问题 | 不错的改进 | LGTMです |
了解です | Согласен | Спасибо за исправление | Muito obrigado | Tudo certo | Perfetto così | Helemaal goed
"""
"""Remarks that ask for nothing."""
QUESTIONS = """
Hmm, not sure about this | What does this do? | Is this tested? | How does this behave under load? |
Did you consider a set? | I wonder whether this is fast enough | Where does 42 come from? | cc @octocat | see #12 |
Interesting approach | This reminds me of the old parser | We discussed this last week | Is `None` possible here? |
Who calls this? | Maybe | Was macht das hier? | Bin mir nicht sicher | Kann das None sein? | Pourquoi ? |
Qu'est-ce que ça fait ? | ¿Por qué? | ¿Qué hace esto? | 为什么？ | 这是什么意思？ | Does this work on Windows? |
Could this be None? | What if the list is empty? | Curious: why 3? | Same question as above | Let me think about this |
Why three? | What is this for? | Does anybody use this? | Hmm… | I am unsure | How long does this take? |
Is it documented? | I had the same thought | Noted | For the record: we talked about it on Monday | Wofür ist das? |
Ist das getestet? | À quoi ça sert ? | ¿Para qué sirve? | 这是做什么的？
"""
"""Remarks of which nobody can tell."""
YES = """
yes | Yes please | yep, go for it | Yeah | Sure | Please do | Do it | Go ahead | ok do it | Absolutely | Of course |
yes, change it | Yes, I do want that | Y | 👍 | Yes! | Correct | Right | That's what I meant |
Yes, it should be changed | Ja | Ja, bitte | Ja, mach das | Klar | Gerne | Unbedingt | Oui | Oui, s'il te plaît |
Oui, vas-y | Bien sûr | Sí | Sí, por favor | Claro | Sí, hazlo | 是 | 是的 | 好的，请改 | 对 | はい |
はい、お願いします | Да | Да, пожалуйста | Sim | Sim, por favor | Sì | Sì, grazie | Tak | yes, thanks |
would be great, yes | I'd appreciate that | yes!! | Yes indeed | yup, please | please | Please do so | Please go ahead |
Sounds good, do it | OK | Definitely | that would be nice | Yes, thank you | Yes, I think so | Indeed | exactly |
ja gerne | Ja, bitte ändern | Ja, danke | Genau | Natürlich | Mach das | Oui, merci | oui, fais-le | D'accord |
Exactement | Sí, gracias | Por supuesto | Hazlo | Adelante | 好 | 好的 | 可以 | 没错，请修改 | 嗯，改吧 | そうです |
Конечно | Claro que sim
"""
"""Answers to our question that confirm it."""
NO = """
no | No thanks | nope | No, leave it | Nah | not now | No, it's fine | Leave it | don't bother | Please don't |
never mind | No, it was only a question | It was just a question | just curious | Not in this PR | No need |
not necessary | Don't change it | No change, please | I was only wondering | Nein | Nein, danke | Nein, lass es so |
Nee | Nicht nötig | War nur eine Frage | Lass es | Non | Non merci | Non, laisse comme ça | Pas la peine |
Ce n'était qu'une question | No, gracias | No hace falta | Déjalo | Era solo una pregunta | 不用 | 不用了，谢谢 |
不需要 | 没关系，不用改 | いいえ | いいえ、大丈夫です | Нет | Нет, не надо | Não | Não precisa | No, va bene così |
Nie | 👎 | later maybe, not here | forget it | no, thank you | No need, thanks | Not needed | That's not necessary |
No, keep it | keep it | No, all good | it's fine as it is | nothing to change | no change needed |
No, I was just asking | Just a question | Just wondering | I only wanted to understand | not in this pull request |
Don't | do not change this | Please don't do that | Skip it | ignore this | Nein, passt so | Nein, alles gut |
Nein, das war nur eine Frage | Bitte nicht | Bitte nicht ändern | Ist nicht nötig | Schon gut | Non, c'est bon |
Non, pas besoin | C'était juste une question | Ne change rien | No, está bien así | No es necesario | No lo cambies |
Solo preguntaba | 不，谢谢 | 不必了 | 不用改 | 不要改 | 只是问问 | 算了 | いいえ、結構です | 不要です | Не нужно |
Нет, спасибо | Não, obrigado | No, grazie | Nee, laat maar
"""
"""Answers that deny it."""
OTHERWISE = """
Use a set | yes, but only in the first loop | rename it to `total` | No, rename it instead |
No, but add a comment that says why | Only add a test | Yes, and also in `tax.py` | Raise ValueError there |
Rather a tuple | The first one should stay, the second should go | Ja, aber nur die erste | Nein, lieber umbenennen |
Oui, mais seulement la première | Sí, pero solo la primera | 是的，但只改第一个 | Make it a constant |
a comment would be enough: please add one | Yes, but please keep the old name as an alias | return 0 then |
Please add a test for it | No, use a tuple | yes, but call it `amount` | Only the second | both please |
Rename it and add a test | No, just the typo | please only fix the typo | Nur den ersten |
Non, renomme plutôt la fonction | No, mejor una constante | 不，改成常量 | Make it lower case | Add the test only |
Yes, and the docs too
"""
"""Answers that ask for something of their own."""
NO_ANSWERS = """
What do you mean? | hm | I don't know | maybe | Perhaps | depends | What do you think? | Which one? | Good question |
let me ask the team | Not sure | Why do you ask? | Was meinst du? | Vielleicht | Weiß nicht | Je ne sais pas |
Peut-être | Quizás | No sé | 也许 | 不知道 | ??? | @octocat what do you think? | Can you explain? | I'll check | Hmm |
Dunno | I'm not sure | Unsure | Could be | It depends | What would that change? | How would you do it? | Which remark? |
Let me check | Good point | Keine Ahnung | Kommt drauf an | Ça dépend | Aucune idée | Depende | Tal vez | 不确定 |
看情况
"""
"""Answers of which nobody can tell."""
