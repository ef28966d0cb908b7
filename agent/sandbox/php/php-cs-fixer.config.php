<?php

// PSR-12, in the way of Laravel's Pint where PSR-12 leaves a choice.
return (new PhpCsFixer\Config())->setRules([
    '@PSR12' => true,
    'braces_position' => ['anonymous_classes_opening_brace' => 'next_line_unless_newline_at_signature_end'],
    'new_with_parentheses' => ['anonymous_class' => false],
    'no_unused_imports' => true,
    'ordered_imports' => ['sort_algorithm' => 'alpha'],
])->setFinder(PhpCsFixer\Finder::create()->in(getcwd()));
